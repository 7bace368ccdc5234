/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "queue/fs.h"
#include "queue/internal.h"

/* Keeps errno. */
static bool
is_other_kind(int dir_fd, const char *id)
{
	struct stat st;
	int sys = errno;
	bool other;

	other = fs_stat_at(dir_fd, id, &st) == 0 && !S_ISREG(st.st_mode);
	errno = sys;
	return other;
}

enum queue_found
queue_open_file(int dir_fd, const char *id, int *fd, struct err *err)
{
	if (!id_check(id, strlen(id)))
		return QUEUE_GONE;
	*fd = fs_open(dir_fd, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY, 0);
	if (*fd != -1)
		return QUEUE_OK;
	switch (errno) {
	case ENOENT:
		return QUEUE_GONE;
	case ELOOP:		/* a symbolic link */
	case ENXIO:		/* a socket, or a device without a driver */
	case ENODEV:
		if (is_other_kind(dir_fd, id)) {
			err_set(err, ERR_DATA, "5.3.0", "message %s: not a "
			    "regular file", id);
			return QUEUE_CORRUPT;
		}
		break;
	}
	err_sys(err, "open message %s", id);
	return QUEUE_FAILED;
}

/* Does the name still lead to what we hold? */
static enum queue_found
check_name(const struct queue *q, const char *id, const struct stat *held,
    struct err *err)
{
	struct stat st;

	if (fs_stat_at(q->queue_fd, id, &st) == -1) {
		if (errno == ENOENT)
			return QUEUE_GONE;
		err_sys(err, "stat message %s", id);
		return QUEUE_FAILED;
	}
	if (st.st_dev == held->st_dev && st.st_ino == held->st_ino)
		return QUEUE_OK;
	return QUEUE_BUSY;
}

/*
 * The lock first, then all that is judged: before it a submitter may be
 * writing, another runner finishing.
 */
static enum queue_found
take(const struct queue *q, const char *id, int fd, struct err *err)
{
	struct stat st;
	enum queue_found found;

	if (fs_lock(fd) == -1) {
		if (errno == EWOULDBLOCK)
			return QUEUE_BUSY;
		err_sys(err, "lock message %s", id);
		return QUEUE_FAILED;
	}
	if (fs_stat(fd, &st) == -1) {
		err_sys(err, "stat message %s", id);
		return QUEUE_FAILED;
	}
	found = check_name(q, id, &st, err);
	if (found != QUEUE_OK)
		return found;
	if (S_ISREG(st.st_mode) && st.st_nlink > 1) {
		/* it may be a backup in the making: it stays, unsent */
		err_set(err, ERR_TEMP, "4.3.0", "message %s: the file has %lu "
		    "names", id, (unsigned long)st.st_nlink);
		return QUEUE_FAILED;
	}
	return QUEUE_OK;
}

/* A name that nothing is owed under: a draft without its writer, or a message
 * that is finished. */
static enum queue_found
sweep(struct queue *q, const char *id, struct err *err)
{
	if (fs_unlink(q->queue_fd, id) == -1 && errno != ENOENT) {
		err_sys(err, "remove message %s", id);
		return QUEUE_FAILED;
	}
	q->queue_dirty = true;
	return QUEUE_GONE;
}

static enum queue_found
condemn(struct queue *q, const char *id, struct err *err)
{
	struct err why = *err;

	if (queue_move_corrupt(q, id, err) == -1)
		return QUEUE_FAILED;
	*err = why;
	return QUEUE_CORRUPT;
}

/* fd is locked, and closed here unless it is QUEUE_OK. */
static enum queue_found
judge(struct queue *q, const char *id, int fd, struct queue_msg **out,
    struct err *err)
{
	struct queue_msg *m;
	enum queue_found found;

	found = queue_read(fd, id, &m, err);
	if (found == QUEUE_OK) {
		m->queue = q;
		if (!m->finished) {
			/* only who looks misses it where it is unknown */
			(void)fs_show_claim(fd);
			*out = m;
			return QUEUE_OK;
		}
		found = sweep(q, id, err);
		queue_release(m);
		return found;
	}
	if (found == QUEUE_BUSY) {
		found = sweep(q, id, err);
	} else {
		err_ctx(err, "message %s", id);
		if (found == QUEUE_CORRUPT)
			found = condemn(q, id, err);
	}
	(void)fs_close(fd);
	return found;
}

enum queue_found
queue_claim(struct queue *q, const char *id, struct queue_msg **out,
    struct err *err)
{
	enum queue_found found;
	int fd;

	found = queue_open_file(q->queue_fd, id, &fd, err);
	if (found == QUEUE_CORRUPT)
		return condemn(q, id, err);
	if (found != QUEUE_OK)
		return found;
	found = take(q, id, fd, err);
	if (found != QUEUE_OK) {
		(void)fs_close(fd);
		return found;
	}
	return judge(q, id, fd, out, err);
}

int
queue_move_corrupt(struct queue *q, const char *id, struct err *err)
{
	if (fs_rename(q->queue_fd, id, q->corrupt_fd, id) == -1)
		return err_sys(err, "move message %s to corrupt", id);
	q->queue_dirty = q->corrupt_dirty = true;
	return 0;
}

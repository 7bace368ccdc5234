/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <string.h>

#include "queue/corrupt.h"
#include "queue/fs.h"
#include "queue/internal.h"

bool
corrupt_has(const struct queue *q, const char *id)
{
	struct stat st;

	return id_check(id, strlen(id)) &&
	    fs_stat_at(q->corrupt_fd, id, &st) == 0;
}

enum queue_found
corrupt_open(const struct queue *q, const char *id, int *fd, struct err *err)
{
	return queue_open_file(q->corrupt_fd, id, fd, err);
}

int64_t
corrupt_size(const struct queue *q, const char *id)
{
	struct stat st;

	if (fs_stat_at(q->corrupt_fd, id, &st) == -1)
		return -1;
	return st.st_size;
}

int
corrupt_remove(struct queue *q, const char *id, struct err *err)
{
	if (fs_unlink(q->corrupt_fd, id) == -1)
		return err_sys(err, "message %s: remove from corrupt", id);
	q->corrupt_dirty = true;
	return 0;
}

/* As a claim would judge it, and the message's own checksum as well. */
static int
check_mended(const struct queue *q, const char *id, struct err *err)
{
	struct queue_msg *m;
	int fd, ret = -1;

	switch (corrupt_open(q, id, &fd, err)) {
	case QUEUE_OK:
		break;
	case QUEUE_GONE:
		return err_set(err, ERR_TEMP, "4.3.0", "it is gone");
	default:
		return -1;
	}
	switch (queue_load_fd(fd, id, &m, err)) {
	case QUEUE_OK:
		ret = queue_msg_verify(m, err);
		queue_release(m);
		return ret;
	case QUEUE_BUSY:
		return err_set(err, ERR_DATA, "5.3.0", "it is a draft");
	case QUEUE_GONE:
		return err_set(err, ERR_DATA, "5.3.0", "it is finished");
	default:
		return -1;
	}
}

int
corrupt_restore(struct queue *q, const char *id, struct err *err)
{
	if (check_mended(q, id, err) == -1)
		return -1;
	if (fs_rename(q->corrupt_fd, id, q->queue_fd, id) == -1)
		return err_sys(err, "message %s: take back from corrupt", id);
	q->queue_dirty = q->corrupt_dirty = true;
	return 0;
}

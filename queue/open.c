/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "queue/fs.h"
#include "queue/internal.h"

enum {
	DIR_MODE = 0750,		/* the group finds its way, no more */
	/* whoever makes a file there, it is the queue's group's; and only he
	 * and the queue's owner can take its name away */
	SUBDIR_MODE = 03770,
};

static const char queue_name[] = "queue", corrupt_name[] = "corrupt";

static int
open_dir(int at, const char *name, int flags, int *fd, struct err *err)
{
	*fd = fs_open(at, name, O_RDONLY | O_DIRECTORY | flags, 0);
	if (*fd != -1)
		return 0;
	if (errno == ENOTDIR || errno == ELOOP)
		return err_set(err, ERR_CONF, "4.3.5",
		    "%s is not a directory", name);
	return err_sys(err, "open %s", name);
}

/* Nobody but owner and group may put names into the queue. */
static int
check_dir(int fd, const char *name, struct stat *st, struct err *err)
{
	if (fs_stat(fd, st) == -1)
		return err_sys(err, "stat %s", name);
	if ((st->st_mode & S_IWOTH) != 0)
		return err_set(err, ERR_CONF, "4.3.5",
		    "%s may be written to by everybody", name);
	return 0;
}

/* Makes a directory whose mode does not depend on the umask; *made tells
 * whether it was missing. */
static int
make_dir(int at, const char *name, unsigned mode, bool *made,
    struct err *err)
{
	int fd = -1, ret = -1;

	if (fs_mkdir(at, name, DIR_MODE) == -1) {
		if (errno == EEXIST)
			return 0;
		return err_sys(err, "make directory %s", name);
	}
	*made = true;
	if (open_dir(at, name, O_NOFOLLOW, &fd, err) == -1)
		return -1;
	if (fs_chmod(fd, mode) == -1)
		err_sys(err, "chmod %s", name);
	else
		ret = 0;
	(void)fs_close(fd);
	return ret;
}

/* The names have to be there after a crash, before a message is below. */
static int
make_subdirs(int dir_fd, struct err *err)
{
	bool made = false;

	if (make_dir(dir_fd, queue_name, SUBDIR_MODE, &made, err) == -1 ||
	    make_dir(dir_fd, corrupt_name, SUBDIR_MODE, &made, err) == -1)
		return -1;
	if (made && fs_fsync(dir_fd) == -1)
		return err_sys(err, "sync");
	return 0;
}

static int
create(const char *dir, int *fd, int *up, struct err *err)
{
	bool made = false;

	if (make_dir(AT_FDCWD, dir, DIR_MODE, &made, err) == -1 ||
	    open_dir(AT_FDCWD, dir, 0, fd, err) == -1)
		return -1;
	if (made) {
		if (open_dir(*fd, "..", 0, up, err) == -1)
			return -1;
		if (fs_fsync(*up) == -1)
			return err_sys(err, "sync %s/..", dir);
	}
	return make_subdirs(*fd, err);
}

int
queue_create(const char *dir, struct err *err)
{
	int fd = -1, up = -1, ret;

	ret = create(dir, &fd, &up, err);
	if (ret == -1)
		err_ctx(err, "queue %s", dir);
	if (up != -1)
		(void)fs_close(up);
	if (fd != -1)
		(void)fs_close(fd);
	return ret;
}

/* A directory below DIR: the same owner, and nobody else may write. */
static int
open_subdir(const struct queue *q, const char *name, int *fd, struct err *err)
{
	struct stat st;

	if (open_dir(q->dir_fd, name, O_NOFOLLOW, fd, err) == -1 ||
	    check_dir(*fd, name, &st, err) == -1)
		return -1;
	if (st.st_uid != q->uid)
		return err_set(err, ERR_CONF, "4.3.5",
		    "%s belongs to uid %u, not to %u", name, st.st_uid,
		    q->uid);
	return 0;
}

/* RUN belongs to the queue's owner, and to root. */
static int
check_runner(const struct queue *q, struct err *err)
{
	uid_t me = geteuid();

	if (me == 0 || me == q->uid)
		return 0;
	return err_set(err, ERR_CONF, "4.3.5",
	    "it belongs to uid %u, and this is uid %u", q->uid, me);
}

static int
open_all(struct queue *q, const char *dir, struct err *err)
{
	struct stat st;

	if (open_dir(AT_FDCWD, dir, 0, &q->dir_fd, err) == -1 ||
	    check_dir(q->dir_fd, dir, &st, err) == -1)
		return -1;
	q->uid = st.st_uid;
	q->gid = st.st_gid;
	if (q->mode == QUEUE_RUN) {
		if (check_runner(q, err) == -1)
			return -1;
		if (geteuid() == q->uid && make_subdirs(q->dir_fd, err) == -1)
			return -1;
	}
	if (open_subdir(q, queue_name, &q->queue_fd, err) == -1)
		return -1;
	if (q->mode == QUEUE_SUBMIT)
		return 0;
	return open_subdir(q, corrupt_name, &q->corrupt_fd, err);
}

int
queue_open(const char *dir, enum queue_mode mode, struct queue **out,
    struct err *err)
{
	struct queue *q = mem_zero(sizeof(*q));

	q->mode = mode;
	q->dir = mem_str(dir);
	q->dir_fd = q->queue_fd = q->corrupt_fd = -1;
	if (open_all(q, dir, err) == -1) {
		queue_close(q);
		return err_ctx(err, "queue %s", dir);
	}
	*out = q;
	return 0;
}

void
queue_close(struct queue *q)
{
	if (q == NULL)
		return;
	if (q->corrupt_fd != -1)
		(void)fs_close(q->corrupt_fd);
	if (q->queue_fd != -1)
		(void)fs_close(q->queue_fd);
	if (q->dir_fd != -1)
		(void)fs_close(q->dir_fd);
	mem_free(q->dir);
	mem_free(q);
}

uint32_t
queue_owner_uid(const struct queue *q)
{
	return q->uid;
}

int
queue_check_space(const struct queue *q, int64_t min_free, struct err *err)
{
	struct statvfs sv;

	if (fs_space(q->queue_fd, &sv) == -1)
		return err_sys(err, "look at the space of queue %s", q->dir);
	/* blocks first: their product with the block size may overflow */
	if (sv.f_frsize > 0 && sv.f_bavail <
	    (uint64_t)min_free / sv.f_frsize)
		return err_set(err, ERR_TEMP, "4.3.1",
		    "queue %s: less than %lld bytes of free space", q->dir,
		    (long long)min_free);
	/* a file system that has no fixed number of inodes says 0 of 0 */
	if (sv.f_files > 0 && sv.f_favail < sv.f_files / 100)
		return err_set(err, ERR_TEMP, "4.3.1",
		    "queue %s: less than 1%% of free inodes", q->dir);
	return 0;
}

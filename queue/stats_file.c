/* SPDX-License-Identifier: ISC */
/*
 * DIR/stats, read and replaced.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "queue/fs.h"
#include "queue/internal.h"
#include "queue/io.h"
#include "queue/stats.h"

enum {
	FILE_MODE = 0640,
	FILE_MAX = 4 * 1024 * 1024,	/* bytes */
};

static const char name[] = "stats", new_name[] = "stats.new",
    lock_name[] = "stats.lock";

static int
read_all(int fd, struct buf *b, struct err *err)
{
	char piece[8192];
	size_t got;

	do {
		if (io_read(fd, piece, sizeof(piece), (int64_t)b->n, &got,
		    err) == -1)
			return -1;
		buf_add(b, piece, got);
	} while (got == sizeof(piece) && !b->over);
	return 0;
}

/* Without context. */
static int
load(const struct queue *q, struct stats *s, struct err *err)
{
	struct stat st;
	struct buf b;
	int fd, ret = -1;

	buf_init(&b, FILE_MAX);
	fd = fs_open(q->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd == -1 && errno == ENOENT) {
		*s = (struct stats){ NULL, 0 };
		return 0;
	}
	if (fd == -1 || fs_stat(fd, &st) == -1) {
		err_sys(err, "open %s", name);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_TEMP, "4.3.0", "%s is not a file", name);
		goto out;
	}
	if (read_all(fd, &b, err) == -1)
		goto out;
	stats_parse(buf_str(&b), b.n, s);
	ret = 0;
out:
	buf_free(&b);
	if (fd != -1)
		(void)fs_close(fd);
	return ret;
}

int
stats_load(const struct queue *q, struct stats *s, struct err *err)
{
	if (load(q, s, err) == -1)
		return err_ctx(err, "queue %s", q->dir);
	return 0;
}

static int
lock(const struct queue *q, int *fd, struct err *err)
{
	*fd = fs_open(q->dir_fd, lock_name, O_RDWR | O_CREAT | O_NOFOLLOW |
	    O_NONBLOCK, FILE_MODE);
	if (*fd == -1)
		return err_sys(err, "open %s", lock_name);
	if (fs_lock(*fd) == -1)
		return err_sys(err, "lock %s", lock_name);
	return 0;
}

static int
replace(const struct queue *q, const struct stats *s, struct err *err)
{
	struct buf b;
	int fd = -1, ret = -1;

	buf_init(&b, FILE_MAX);
	stats_write(s, &b);
	/* What a crash left there is nobody's. */
	if (fs_unlink(q->dir_fd, new_name) == -1 && errno != ENOENT) {
		err_sys(err, "remove %s", new_name);
		goto out;
	}
	fd = fs_open(q->dir_fd, new_name, O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW, FILE_MODE);
	if (fd == -1) {
		err_sys(err, "make %s", new_name);
		goto out;
	}
	/* the front reads it, whatever our umask is */
	if (fs_chmod(fd, FILE_MODE) == -1) {
		err_sys(err, "chmod %s", new_name);
		goto out;
	}
	if (io_write(fd, buf_str(&b), b.n, 0, err) == -1)
		goto out;
	if (fs_replace(q->dir_fd, new_name, name) == -1) {
		err_sys(err, "replace %s", name);
		goto out;
	}
	ret = 0;
out:
	buf_free(&b);
	if (fd != -1)
		(void)fs_close(fd);
	return ret;
}

int
stats_merge(struct queue *q, struct stats *news, struct err *err)
{
	struct stats s = { NULL, 0 };
	int fd = -1, ret = -1;

	if (news->n == 0)
		return 0;
	if (lock(q, &fd, err) == -1 || load(q, &s, err) == -1)
		goto out;
	stats_add(&s, news);
	if (replace(q, &s, err) == -1)
		goto out;
	stats_free(news);
	ret = 0;
out:
	if (ret == -1)
		err_ctx(err, "queue %s", q->dir);
	stats_free(&s);
	if (fd != -1)
		(void)fs_close(fd);
	return ret;
}

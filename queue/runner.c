/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/text.h"
#include "queue/fs.h"
#include "queue/internal.h"
#include "queue/io.h"
#include "queue/runner.h"

enum {
	RUNNER_MODE = 0640,		/* the group asks, it does not hold */
	PID_MAX = 24,			/* bytes of its text */
};

static const char runner_name[] = "runner";

/* Locked, and still what the name leads to: a lock on a file that somebody
 * has replaced would keep nobody out. */
static int
hold(const struct queue *q, int fd, struct err *err)
{
	struct stat st, named;

	if (fs_hold(fd) == -1) {
		if (errno == EAGAIN || errno == EACCES)
			return err_set(err, ERR_TEMP, "4.3.0",
			    "another daemon is at work");
		return err_sys(err, "lock");
	}
	if (fs_stat(fd, &st) == -1 ||
	    fs_stat_at(q->dir_fd, runner_name, &named) == -1)
		return err_sys(err, "stat");
	if (st.st_dev != named.st_dev || st.st_ino != named.st_ino)
		return err_set(err, ERR_TEMP, "4.3.0", "it was replaced");
	return 0;
}

static int
write_pid(int fd, struct err *err)
{
	char text[PID_MAX];
	int n;

	n = snprintf(text, sizeof(text), "%" PRId64 "\n", (int64_t)getpid());
	if (fs_chmod(fd, RUNNER_MODE) == -1)
		return err_sys(err, "chmod");
	if (fs_truncate(fd, 0) == -1)
		return err_sys(err, "truncate");
	return io_write(fd, text, (size_t)n, 0, err);
}

int
queue_runner_lock(struct queue *q, int *out, struct err *err)
{
	int fd = fs_open(q->dir_fd, runner_name, O_RDWR | O_CREAT |
	    O_NOFOLLOW | O_NONBLOCK, RUNNER_MODE);

	if (fd == -1)
		return err_sys(err, "queue %s: open %s", q->dir, runner_name);
	if (hold(q, fd, err) == -1 || write_pid(fd, err) == -1) {
		(void)fs_close(fd);
		return err_ctx(err, "queue %s: %s", q->dir, runner_name);
	}
	*out = fd;
	return 0;
}

bool
queue_runner_alive(const struct queue *q, int64_t *pid)
{
	struct err ignored;
	char text[PID_MAX];
	bool alive = false;
	size_t n = 0;
	int fd;

	if (pid != NULL)
		*pid = 0;
	fd = fs_open(q->dir_fd, runner_name, O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK, 0);
	if (fd == -1)
		return false;
	if (fs_claim_shown(fd, &alive) == -1)
		alive = false;
	if (alive && pid != NULL &&
	    io_read(fd, text, sizeof(text), 0, &n, &ignored) == 0 && n > 0)
		(void)text_to_int(text, n - 1, 1, INT32_MAX, pid);
	(void)fs_close(fd);
	return alive;
}

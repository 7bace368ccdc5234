/* SPDX-License-Identifier: ISC */
#include <sys/inotify.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "queue/fs.h"
#include "queue/internal.h"

enum {
	EVENTS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF |
	    IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK,
	/* after these the watch cannot be relied on */
	LOST = IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF |
	    IN_MOVE_SELF,
};

/* By its name, as long as that leads to what is open. */
static int
watch_name(const struct queue *q)
{
	struct stat st, named;
	struct buf path;
	int fd = -1;

	buf_init(&path, PATH_MAX);
	buf_addf(&path, "%s/queue", q->dir);
	errno = ENOENT;
	if (!path.over && fs_stat(q->queue_fd, &st) == 0 &&
	    fs_stat_at(AT_FDCWD, buf_str(&path), &named) == 0 &&
	    st.st_dev == named.st_dev && st.st_ino == named.st_ino)
		fd = fs_watch(buf_str(&path), EVENTS);
	buf_free(&path);
	return fd;
}

int
queue_watch_open(struct queue *q, int *fd, struct err *err)
{
	char path[64];

	/* what is open, not what its name may lead to by now */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", q->queue_fd);
	*fd = fs_watch(path, EVENTS);
	if (*fd == -1 && errno == ENOENT)	/* no /proc, as in a chroot */
		*fd = watch_name(q);
	if (*fd == -1)
		return err_sys(err, "queue %s: watch", q->dir);
	return 0;
}

static void
take_event(const struct inotify_event *e, const char *name,
    void (*cb)(const char *id, void *arg), void *arg, bool *lost)
{
	if ((e->mask & LOST) != 0) {
		*lost = true;
		return;
	}
	if (e->len > 0 && memchr(name, '\0', e->len) != NULL &&
	    id_check(name, strlen(name)))
		cb(name, arg);
}

int
queue_watch_read(int fd, void (*cb)(const char *id, void *arg), void *arg,
    bool *lost, struct err *err)
{
	struct inotify_event e;
	char p[16 * 1024];
	size_t at;
	ssize_t n;

	*lost = false;
	for (;;) {
		n = fs_read(fd, p, sizeof(p));
		if (n == -1 && errno == EAGAIN)
			return 0;
		if (n == -1)
			return err_sys(err, "read events");
		if (n == 0)
			return 0;
		for (at = 0; at + sizeof(e) <= (size_t)n;
		    at += sizeof(e) + e.len) {
			memcpy(&e, p + at, sizeof(e));
			if (e.len > (size_t)n - at - sizeof(e))
				break;
			take_event(&e, p + at + sizeof(e), cb, arg, lost);
		}
	}
}

/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>

#include "queue/fs.h"
#include "queue/internal.h"

static int
scan(int dir_fd, bool (*cb)(const char *id, void *arg), void *arg,
    struct err *err)
{
	const char *name;
	DIR *d;
	int r;

	d = fs_dir_open(dir_fd);
	if (d == NULL)
		return err_sys(err, "open directory");
	for (;;) {
		r = fs_dir_read(d, &name);
		if (r != 1)
			break;
		if (id_check(name, strlen(name)) && !cb(name, arg))
			break;
	}
	if (r == -1)
		err_sys(err, "read directory");
	fs_dir_close(d);
	return r == -1 ? -1 : 0;
}

int
queue_scan(struct queue *q, bool (*cb)(const char *id, void *arg), void *arg,
    struct err *err)
{
	if (scan(q->queue_fd, cb, arg, err) == -1)
		return err_ctx(err, "queue %s", q->dir);
	return 0;
}

int
queue_scan_corrupt(struct queue *q, bool (*cb)(const char *id, void *arg),
    void *arg, struct err *err)
{
	if (scan(q->corrupt_fd, cb, arg, err) == -1)
		return err_ctx(err, "queue %s: corrupt", q->dir);
	return 0;
}

struct count {
	const struct queue	*queue;
	uint32_t		 uid;
	size_t			 n;
};

/* By the name or the file's owner: the content is not looked at, since this
 * may run with privilege. */
static bool
count_one(const char *id, void *arg)
{
	struct count *c = arg;
	struct stat st;
	uint32_t uid;

	if (!id_uid(id, &uid)) {
		if (fs_stat_at(c->queue->queue_fd, id, &st) == -1)
			return true;	/* gone, or not countable */
		uid = st.st_uid;
	}
	c->n += uid == c->uid;
	return true;
}

int
queue_count_uid(const struct queue *q, uint32_t uid, size_t *n,
    struct err *err)
{
	struct count c = { q, uid, 0 };

	if (scan(q->queue_fd, count_one, &c, err) == -1)
		return err_ctx(err, "queue %s", q->dir);
	*n = c.n;
	return 0;
}

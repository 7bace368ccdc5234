/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>

#include "queue/fs.h"
#include "queue/internal.h"

/* Unlinks what is held and nothing that took its name meanwhile. */
static int
unlink_held(const struct queue_msg *m, struct err *err)
{
	struct stat held, st;

	if (fs_stat(m->fd, &held) == -1)
		return err_sys(err, "stat");
	if (fs_stat_at(m->queue->queue_fd, m->env.id, &st) == -1) {
		if (errno == ENOENT)
			return 0;
		return err_sys(err, "stat");
	}
	if (st.st_dev != held.st_dev || st.st_ino != held.st_ino)
		return 0;
	if (fs_unlink(m->queue->queue_fd, m->env.id) == -1 &&
	    errno != ENOENT)
		return err_sys(err, "unlink");
	m->queue->queue_dirty = true;
	return 0;
}

/*
 * The name cannot go, so the file has to say that it is done: a line, and
 * where that fails, emptiness, which is a draft without its writer.
 */
static int
mark_finished(struct queue_msg *m, struct err *err)
{
	struct format_entry e = { .kind = FORMAT_FINISHED };

	if (queue_append(m, &e, err) == 0 && queue_record_sync(m, err) == 0)
		return 0;
	if (m->journal_fd != -1 && fs_truncate(m->journal_fd, 0) == 0 &&
	    fs_fsync(m->journal_fd) == 0)
		return 0;
	return -1;
}

int
queue_finish(struct queue_msg *m, struct err *err)
{
	struct err ignored;
	int ret;

	ret = unlink_held(m, err);
	if (ret == -1) {
		err_ctx(err, "message %s is finished", m->env.id);
		if (mark_finished(m, &ignored) == -1)
			err->kind = ERR_SYSTEM;
	}
	queue_release(m);
	return ret;
}

int
queue_condemn(struct queue_msg *m, struct err *err)
{
	int ret;

	ret = queue_move_corrupt(m->queue, m->env.id, err);
	queue_release(m);
	return ret;
}

int
queue_sync(struct queue *q, struct err *err)
{
	if (q->queue_dirty && fs_fsync(q->queue_fd) == -1)
		return err_sys(err, "queue %s: sync directory", q->dir);
	q->queue_dirty = false;
	if (q->corrupt_dirty && fs_fsync(q->corrupt_fd) == -1)
		return err_sys(err, "queue %s: sync corrupt", q->dir);
	q->corrupt_dirty = false;
	return 0;
}

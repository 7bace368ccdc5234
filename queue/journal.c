/* SPDX-License-Identifier: ISC */
/*
 * Lines are written at the end of the last good one, by offset: what a crash
 * or a failed write left behind it is cut off before the next.
 */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "queue/fs.h"
#include "queue/internal.h"
#include "queue/io.h"

enum {
	/* an outcome as relays word them; what is longer needs luck */
	ROOM_RCPT = 320,		/* bytes */
	ROOM_REST = 512,		/* the attempt, the finish */
};

static int
failed(struct queue_msg *m, struct err *err)
{
	m->broken = true;
	return err_ctx(err, "message %s: journal", m->env.id);
}

/* Opens the claimed file once more, to write; by name, so look what it is. */
static int
open_journal(struct queue_msg *m, struct err *err)
{
	struct stat want, st;
	int fd;

	if (m->journal_fd != -1)
		return 0;
	fd = fs_open(m->queue->queue_fd, m->env.id, O_WRONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -1)
		return err_sys(err, "open");
	if (fs_stat(fd, &st) == -1 || fs_stat(m->fd, &want) == -1) {
		err_sys(err, "stat");
	} else if (st.st_dev != want.st_dev || st.st_ino != want.st_ino) {
		err_set(err, ERR_TEMP, "4.3.0", "another file has its name");
	} else {
		m->journal_fd = fd;
		return 0;
	}
	(void)fs_close(fd);
	return -1;
}

static int
cut_torn(struct queue_msg *m, struct err *err)
{
	if (m->file_end == m->journal_end)
		return 0;
	if (fs_truncate(m->journal_fd, m->journal_end) == -1)
		return err_sys(err, "cut a torn line off");
	m->file_end = m->journal_end;
	return 0;
}

static int
prepare(struct queue_msg *m, struct err *err)
{
	assert(m->queue != NULL);
	if (m->broken)
		return err_set(err, ERR_TEMP, "4.3.0", "it failed before");
	if (open_journal(m, err) == -1 || cut_torn(m, err) == -1)
		return -1;
	return 0;
}

int
queue_reserve(struct queue_msg *m, struct err *err)
{
	struct stat st;
	int64_t need = ROOM_REST;
	size_t i;

	if (prepare(m, err) == -1)
		return failed(m, err);
	for (i = 0; i < m->env.nrcpts; i++)
		if (m->rcpts[i].state == QUEUE_RCPT_OWED)
			need += ROOM_RCPT;
	if (fs_stat(m->journal_fd, &st) == -1) {
		err_sys(err, "stat");
		return failed(m, err);
	}
	/* mostly the last block has the room */
	if ((int64_t)st.st_blocks * 512 >= m->journal_end + need)
		return 0;
	if (fs_reserve(m->journal_fd, m->journal_end, need) == -1 &&
	    errno != EOPNOTSUPP && errno != ENOSYS) {
		err_sys(err, "reserve room");
		return failed(m, err);
	}
	return 0;
}

/* A line that could not be read back must not be written. */
static bool
reads_back(const struct buf *line)
{
	struct format_entry e;

	return format_entry_parse(line->p, line->n - 1, &e);
}

static int
write_line(struct queue_msg *m, const struct buf *line, struct err *err)
{
	if (prepare(m, err) == -1)
		return -1;
	/* until it is whole it is a torn one */
	m->file_end = m->journal_end + (int64_t)line->n;
	if (io_write(m->journal_fd, line->p, line->n, m->journal_end,
	    err) == -1)
		return -1;
	m->journal_end = m->file_end;
	return 0;
}

int
queue_append(struct queue_msg *m, const struct format_entry *e,
    struct err *err)
{
	struct buf line;
	int ret = -1;

	buf_init(&line, FORMAT_ENTRY_MAX);
	format_entry_write(e, &line);
	if (!queue_can_apply(m, e) || !reads_back(&line))
		err_set(err, ERR_SYSTEM, "4.3.0",
		    "a line that cannot follow what is there");
	else if (write_line(m, &line, err) == 0)
		ret = 0;
	buf_free(&line);
	if (ret == -1)
		return failed(m, err);
	queue_apply(m, e);
	return 0;
}

/* The same answer once more, as a relay that is short of something gives it
 * at every attempt, needs no line of its own. */
static bool
is_repeated(const struct queue_rcpt *r, const struct outcome *o)
{
	return r->state == QUEUE_RCPT_OWED &&
	    (o->verdict == OUTCOME_DEFERRED || o->verdict == OUTCOME_UNKNOWN) &&
	    o->verdict == r->last.verdict && o->code == r->last.code &&
	    o->dsn_passed == r->last.dsn_passed &&
	    strcmp(o->dsn, r->last.dsn) == 0 &&
	    strcmp(o->relay, r->last.relay) == 0 &&
	    strcmp(o->text, r->last.text) == 0;
}

int
queue_record_outcome(struct queue_msg *m, size_t rcpt,
    const struct outcome *o, int64_t now_sec, struct err *err)
{
	struct format_entry e = {
		.kind = FORMAT_OUTCOME, .rcpt = (uint32_t)rcpt,
		.outcome = *o, .sec = now_sec,
	};

	assert(rcpt < m->env.nrcpts);
	if (o->verdict == OUTCOME_NONE)
		return 0;
	if (!m->broken && is_repeated(&m->rcpts[rcpt], o)) {
		m->rcpts[rcpt].last_sec = now_sec;
		return 0;
	}
	return queue_append(m, &e, err);
}

int
queue_record_told(struct queue_msg *m, size_t rcpt, struct err *err)
{
	struct format_entry e = {
		.kind = FORMAT_TOLD, .rcpt = (uint32_t)rcpt,
	};

	assert(rcpt < m->env.nrcpts);
	return queue_append(m, &e, err);
}

int
queue_record_warned(struct queue_msg *m, size_t rcpt, struct err *err)
{
	struct format_entry e = {
		.kind = FORMAT_WARNED, .rcpt = (uint32_t)rcpt,
	};

	assert(rcpt < m->env.nrcpts);
	return queue_append(m, &e, err);
}

int
queue_record_attempt(struct queue_msg *m, uint32_t attempts, int64_t now_sec,
    int64_t next_sec, struct err *err)
{
	struct format_entry e = {
		.kind = FORMAT_ATTEMPT, .attempts = attempts,
		.sec = now_sec, .next_sec = next_sec,
	};

	return queue_append(m, &e, err);
}

int
queue_record_hold(struct queue_msg *m, bool hold, struct err *err)
{
	struct format_entry e = { .kind = FORMAT_HOLD, .hold = hold };

	return queue_append(m, &e, err);
}

int
queue_record_due(struct queue_msg *m, int64_t next_sec, struct err *err)
{
	struct format_entry e = { .kind = FORMAT_DUE, .next_sec = next_sec };

	return queue_append(m, &e, err);
}

int
queue_record_sync(struct queue_msg *m, struct err *err)
{
	if (m->broken) {
		err_set(err, ERR_TEMP, "4.3.0", "it failed before");
		return failed(m, err);
	}
	if (m->journal_fd == -1)
		return 0;
	if (fs_fdatasync(m->journal_fd) == -1) {
		err_sys(err, "sync");
		return failed(m, err);
	}
	return 0;
}

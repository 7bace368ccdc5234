/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "queue/fs.h"
#include "queue/internal.h"
#include "queue/io.h"
#include "queue/trace.h"
#include "queue/trace_line.h"

enum {
	DAY_SEC = 86400,
	NAME_SIZE = 16,			/* "trace.20260131" and its NUL */
	PREFIX_LEN = 6,
	FILE_MODE = 0660,
	BATCH_MAX = TRACE_DAY_MAX,	/* bytes of one message's lines */
	WINDOW = 64 * 1024,		/* bytes read at once */
};

_Static_assert(WINDOW >= 2 * TRACE_LINE_MAX, "a line fits into a window");

static const char prefix[] = "trace.";
static const char answered[] = "answered";

static void
name_of(int64_t sec, char out[NAME_SIZE])
{
	time_t t = (time_t)sec;
	struct tm tm = { 0 };

	(void)gmtime_r(&t, &tm);
	(void)strftime(out, NAME_SIZE, "trace.%Y%m%d", &tm);
}

/* The second after the day that the name stands for. */
static bool
day_end(const char *name, int64_t *end)
{
	struct tm tm = { 0 };
	int64_t v;

	if (strlen(name) != NAME_SIZE - 2 ||
	    memcmp(name, prefix, PREFIX_LEN) != 0 ||
	    !text_to_int(name + PREFIX_LEN, 8, 19700101, 99991231, &v))
		return false;
	tm.tm_year = (int)(v / 10000) - 1900;
	tm.tm_mon = (int)(v / 100 % 100) - 1;
	tm.tm_mday = (int)(v % 100);
	*end = (int64_t)timegm(&tm) + DAY_SEC;
	return true;
}

/*
 * Where the next line goes, behind the end of what a crash or a full disk may
 * have torn. Two writers can find the same end; O_APPEND keeps their lines
 * apart.
 */
static int
check_end(int fd, size_t n, bool *fits, bool *torn, struct err *err)
{
	struct stat st;
	size_t got;
	char last = '\n';

	if (fs_stat(fd, &st) == -1)
		return err_sys(err, "stat");
	*fits = S_ISREG(st.st_mode) && st.st_size <= TRACE_DAY_MAX - (int64_t)n;
	if (*fits && st.st_size > 0 &&
	    io_read(fd, &last, 1, st.st_size - 1, &got, err) == -1)
		return -1;
	*torn = last != '\n';
	return 0;
}

static int
append_to(int fd, const struct buf *lines, struct err *err)
{
	bool fits = false, torn = false;
	ssize_t n;

	if (check_end(fd, lines->n, &fits, &torn, err) == -1)
		return -1;
	if (!fits)
		return 0;
	if (torn && fs_append(fd, "\n", 1) == -1)
		return err_sys(err, "write");
	/* one write, so that nobody else's lines come in between */
	n = fs_append(fd, lines->p, lines->n);
	if (n == -1)
		return err_sys(err, "write");
	if (n < (ssize_t)lines->n)
		return err_set(err, ERR_TEMP, "4.3.1", "no room");
	return 0;
}

/* What root has made is the owner's, who goes on with it. */
static int
give_to_owner(const struct queue *q, int fd, struct err *err)
{
	if (geteuid() != 0 || q->uid == 0)
		return 0;
	if (fs_chown(fd, q->uid, q->gid) == -1)
		return err_sys(err, "chown");
	return 0;
}

static int
append(const struct queue *q, const char *name, const struct buf *lines,
    struct err *err)
{
	int fd, ret;

	if (lines->n == 0 || lines->over)
		return 0;
	fd = fs_open(q->dir_fd, name, O_RDWR | O_APPEND | O_CREAT |
	    O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
	if (fd == -1)
		return err_sys(err, "queue %s: open %s", q->dir, name);
	ret = give_to_owner(q, fd, err);
	if (ret == 0)
		ret = append_to(fd, lines, err);
	(void)fs_close(fd);
	if (ret == -1)
		err_ctx(err, "queue %s: %s", q->dir, name);
	return ret;
}

static void
add_message(const struct queue_msg *m, int64_t now_sec, struct buf *out)
{
	struct trace_event e = {
		.kind = TRACE_MESSAGE, .sec = now_sec,
		.arrival_us = m->env.arrival_us, .uid = m->env.uid,
		.size = m->size, .sender = m->env.sender,
		.envid = m->env.envid, .message_id = m->env.message_id,
	};

	memcpy(e.id, m->env.id, sizeof(e.id));
	trace_line_write(&e, out);
}

static void
add_rcpt(const struct queue_msg *m, size_t i, int64_t now_sec,
    struct buf *out)
{
	const struct queue_rcpt *r = &m->rcpts[i];
	struct trace_event e = {
		.kind = TRACE_RCPT, .sec = now_sec, .rcpt = (uint32_t)i,
		.state = r->state, .outcome = r->last,
		.addr = m->env.rcpts[i].addr, .orig = m->env.rcpts[i].orig,
	};

	memcpy(e.id, m->env.id, sizeof(e.id));
	if (r->last_sec > 0)
		e.sec = r->last_sec;
	trace_line_write(&e, out);
}

int
trace_add(struct queue *q, const struct queue_msg *m, int64_t now_sec,
    struct err *err)
{
	struct buf lines;
	char name[NAME_SIZE] = "";
	size_t i;
	int ret;

	name_of(now_sec, name);
	buf_init(&lines, BATCH_MAX);
	add_message(m, now_sec, &lines);
	for (i = 0; i < m->env.nrcpts; i++)
		add_rcpt(m, i, now_sec, &lines);
	ret = append(q, name, &lines, err);
	buf_free(&lines);
	return ret;
}

static int
note(struct queue *q, const char *name, const struct trace_event *e,
    struct err *err)
{
	struct buf lines;
	int ret;

	buf_init(&lines, TRACE_LINE_MAX);
	trace_line_write(e, &lines);
	ret = append(q, name, &lines, err);
	buf_free(&lines);
	return ret;
}

int
trace_note(struct queue *q, const struct trace_event *e, struct err *err)
{
	char name[NAME_SIZE] = "";

	name_of(e->sec, name);
	return note(q, name, e, err);
}

int
trace_note_answer(struct queue *q, const struct trace_event *e,
    struct err *err)
{
	return note(q, answered, e, err);
}

struct days {
	char	(*v)[NAME_SIZE];	/* owned */
	size_t	  n;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names of all days that ended before (old), or did not (!old). */
static int
list_days(const struct queue *q, int64_t since_sec, bool old, struct days *d,
    struct err *err)
{
	const char *name;
	int64_t end;
	DIR *dir;
	int r;

	dir = fs_dir_open(q->dir_fd);
	if (dir == NULL)
		return err_sys(err, "queue %s: open directory", q->dir);
	for (;;) {
		r = fs_dir_read(dir, &name);
		if (r != 1)
			break;
		if (!day_end(name, &end) || (end <= since_sec) != old)
			continue;
		d->v = mem_array(d->v, d->n + 1, sizeof(*d->v));
		(void)snprintf(d->v[d->n++], NAME_SIZE, "%s", name);
	}
	if (r == -1)
		err_sys(err, "queue %s: read directory", q->dir);
	fs_dir_close(dir);
	if (d->n > 0)
		qsort(d->v, d->n, sizeof(*d->v), compare);
	return r;
}

struct scan {
	int64_t		 since_sec;
	bool		(*cb)(const struct trace_event *, void *arg);
	void		*arg;
	struct buf	 room;		/* owned */
	char		*window;	/* owned */
	bool		 stopped;
};

/* Whole lines; returns the bytes that they are. */
static size_t
scan_lines(struct scan *s, const char *p, size_t n)
{
	struct trace_event e;
	const char *lf;
	size_t done = 0, len;

	while (done < n && !s->stopped) {
		lf = memchr(p + done, '\n', n - done);
		if (lf == NULL)
			break;
		len = (size_t)(lf - p) - done;
		if (trace_line_parse(p + done, len, &e, &s->room) &&
		    e.sec >= s->since_sec)
			s->stopped = !s->cb(&e, s->arg);
		done += len + 1;
	}
	return done;
}

static int
scan_file(const struct queue *q, const char *name, struct scan *s,
    struct err *err)
{
	int64_t off = 0;
	size_t n, done;
	int fd, ret = 0;

	fd = fs_open(q->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd == -1)
		return errno == ENOENT ? 0 : err_sys(err, "queue %s: open %s",
		    q->dir, name);
	while (!s->stopped) {
		ret = io_read(fd, s->window, WINDOW, off, &n, err);
		if (ret == -1)
			err_ctx(err, "queue %s: %s", q->dir, name);
		if (ret == -1 || n == 0)
			break;
		done = scan_lines(s, s->window, n);
		/* no line is that long: pass over, up to the next end */
		if (done == 0 && n < WINDOW)
			break;
		off += (int64_t)(done > 0 ? done : n);
	}
	(void)fs_close(fd);
	return ret;
}

static void
scan_init(struct scan *s)
{
	buf_init(&s->room, 2 * TRACE_LINE_MAX);
	s->window = mem_zero(WINDOW);
}

static void
scan_free(struct scan *s)
{
	mem_free(s->window);
	buf_free(&s->room);
}

int
trace_scan(const struct queue *q, int64_t since_sec,
    bool (*cb)(const struct trace_event *, void *arg), void *arg,
    struct err *err)
{
	struct scan s = { .since_sec = since_sec, .cb = cb, .arg = arg };
	struct days d = { NULL, 0 };
	size_t i;
	int ret;

	scan_init(&s);
	ret = list_days(q, since_sec, false, &d, err);
	for (i = 0; i < d.n && ret == 0 && !s.stopped; i++)
		ret = scan_file(q, d.v[i], &s, err);
	scan_free(&s);
	mem_free(d.v);
	return ret;
}

int
trace_scan_answers(const struct queue *q,
    bool (*cb)(const struct trace_event *, void *arg), void *arg,
    struct err *err)
{
	struct scan s = { .since_sec = INT64_MIN, .cb = cb, .arg = arg };
	int ret;

	scan_init(&s);
	ret = scan_file(q, answered, &s, err);
	scan_free(&s);
	return ret;
}

int
trace_expire(struct queue *q, int64_t since_sec, struct err *err)
{
	struct days d = { NULL, 0 };
	size_t i;
	int ret;

	ret = list_days(q, since_sec, true, &d, err);
	for (i = 0; i < d.n; i++)
		if (fs_unlink(q->dir_fd, d.v[i]) == -1 && errno != ENOENT)
			ret = err_sys(err, "queue %s: unlink %s", q->dir,
			    d.v[i]);
	mem_free(d.v);
	return ret;
}

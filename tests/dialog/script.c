/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/dialog/script.h"

enum {
	GOT_MAX = 1 << 20,		/* bytes that we may say ahead */
};

void
script_add(struct script *s, enum event_kind kind, const char *p, size_t n,
    int line)
{
	if (s->n == 0)
		buf_init(&s->got, GOT_MAX);
	s->v = mem_array(s->v, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct event){ kind, mem_dup(p, n), n, line };
}

void
script_free(struct script *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		mem_free(s->v[i].p);
	mem_free(s->v);
	buf_free(&s->got);
	memset(s, 0, sizeof(*s));
}

void
script_wrong(struct script *s, const char *fmt, ...)
{
	va_list ap;

	if (s->wrong[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(s->wrong, sizeof(s->wrong), fmt, ap);
	va_end(ap);
}

void
script_advance(struct script *s)
{
	const struct event *e;

	while (s->at < s->n && s->v[s->at].kind == EVENT_C) {
		e = &s->v[s->at];
		if (s->got.n < e->n + 2) {
			if (s->got.n <= e->n && memcmp(buf_str(&s->got), e->p,
			    s->got.n) == 0)
				return;
		} else if (memcmp(s->got.p, e->p, e->n) == 0 &&
		    memcmp(s->got.p + e->n, "\r\n", 2) == 0) {
			buf_drop(&s->got, e->n + 2);
			s->at++;
			continue;
		}
		script_wrong(s, "line %d: want '%s', said '%.*s'", e->line,
		    e->p, (int)(s->got.n < 300 ? s->got.n : 300),
		    buf_str(&s->got));
		return;
	}
	/* Any bytes will do, but some. */
	if (s->at < s->n && s->v[s->at].kind == EVENT_SOME && s->got.n > 0) {
		buf_reset(&s->got);
		s->at++;
	}
}

struct script *
script_of(struct stream *s)
{
	return s->impl;
}

static ssize_t
fail(struct stream *st, enum err_kind kind, int sys, const char *text)
{
	(void)err_set(&st->err, kind, "4.4.2", "%s", text);
	st->err.sys = sys;
	return -1;
}

/* The bytes of the S that is due, and of those behind it if glued. */
static ssize_t
take(struct script *s, char *p, size_t n)
{
	const struct event *e;
	size_t most = s->chunking == BY_BYTE ? 1 : n, sum = 0, len;

	while (sum < most && s->at < s->n && s->v[s->at].kind == EVENT_S) {
		e = &s->v[s->at];
		len = e->n - s->at_byte;
		if (len > most - sum)
			len = most - sum;
		memcpy(p + sum, e->p + s->at_byte, len);
		sum += len;
		s->at_byte += len;
		if (s->at_byte < e->n)
			break;
		s->at_byte = 0;
		s->at++;
		if (s->chunking != GLUED)
			break;
	}
	return (ssize_t)sum;
}

static ssize_t
script_read(struct stream *st, char *p, size_t n)
{
	struct script *s = st->impl;
	const struct event *e;

	script_advance(s);
	if (s->at == s->n) {
		script_wrong(s, "waits for a reply behind the end");
		return fail(st, ERR_TEMP, ETIMEDOUT, "timeout");
	}
	e = &s->v[s->at];
	switch (e->kind) {
	case EVENT_S:
		if (s->got.n > 0)
			script_wrong(s, "line %d: said too early: '%.300s'",
			    e->line, buf_str(&s->got));
		return take(s, p, n);
	case EVENT_CLOSE:
		s->at++;
		return 0;
	case EVENT_RESET:
		s->at++;
		return fail(st, ERR_PROTO, ECONNRESET,
		    "connection lost: Connection reset by peer");
	case EVENT_TIMEOUT:
		s->at++;
		return fail(st, ERR_TEMP, ETIMEDOUT, "timeout");
	default:
		script_wrong(s, "line %d: waits for a reply; the next is '%s'",
		    e->line, e->p);
		return fail(st, ERR_TEMP, ETIMEDOUT, "timeout");
	}
}

static int
script_write(struct stream *st, const char *p, size_t n)
{
	struct script *s = st->impl;

	script_advance(s);
	if (s->at < s->n && s->v[s->at].kind == EVENT_W_FAIL) {
		s->at++;
		return (int)fail(st, ERR_PROTO, EPIPE,
		    "connection lost: Broken pipe");
	}
	buf_add(&s->got, p, n);
	script_advance(s);
	return 0;
}

static bool
script_readable(struct stream *st, int wait_ms)
{
	struct script *s = st->impl;

	(void)wait_ms;
	script_advance(s);
	return s->at < s->n && (s->v[s->at].kind == EVENT_S ||
	    s->v[s->at].kind == EVENT_CLOSE ||
	    s->v[s->at].kind == EVENT_RESET);
}

static int
script_fd(struct stream *st)
{
	(void)st;
	return -1;
}

static void
script_close(struct stream *st)
{
	(void)st;
}

void
script_stream(struct script *s, struct stream *st)
{
	static const struct stream_ops ops = {
		.read = script_read, .write = script_write,
		.readable = script_readable, .fd = script_fd,
		.close = script_close,
	};

	memset(st, 0, sizeof(*st));
	st->ops = &ops;
	st->impl = s;
}

void
script_finish(struct script *s)
{
	script_advance(s);
	/* Whoever has heard enough need not listen to the rest. */
	if (s->at < s->n && s->v[s->at].kind != EVENT_S)
		script_wrong(s, "line %d: never came to '%s'",
		    s->v[s->at].line, s->v[s->at].p);
	if (s->got.n > 0 && (s->n == 0 || s->v[s->n - 1].kind != EVENT_SOME))
		script_wrong(s, "said more: '%.300s'", buf_str(&s->got));
}

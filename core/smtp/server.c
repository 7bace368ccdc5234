/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/smtp/server.h"
#include "core/smtp/server_args.h"
#include "core/smtp/server_reply.h"

enum {
	OUT_ROOM = 300 * 1024,		/* bytes that one command may say */
};

/* Where in a line of DATA we are. */
enum dot {
	DOT_START,		/* behind CRLF, or at the very beginning */
	DOT_DOT,		/* a dot stands there; it is held back */
	DOT_CR,			/* the dot and CR are held back */
	DOT_LINE,		/* within a line */
	DOT_LINE_CR,		/* within a line, behind a CR (passed on) */
	DOT_END,
};

void
server_init(struct server *s, const struct server_facts *facts,
    const struct server_ops *ops, void *arg)
{
	*s = (struct server){ .facts = *facts, .ops = ops, .arg = arg };
	buf_init(&s->out, SERVER_OUT_MAX);
	buf_init(&s->line, SERVER_LINE_MAX);
	server_reply(s, 220, NULL, "%s ESMTP sendoff", facts->hostname);
}

void
server_free(struct server *s)
{
	server_reset(s);
	buf_free(&s->out);
	buf_free(&s->line);
	*s = (struct server){ 0 };
}

bool
server_busy(const struct server *s)
{
	return s->in_mail || s->state == SERVER_DATA ||
	    s->state == SERVER_CHUNK;
}

void
server_timeout(struct server *s)
{
	server_reply(s, 421, "4.4.2", "%s nothing came for too long, closing",
	    s->facts.hostname);
	s->state = SERVER_CLOSED;
}

/* The first error stays, and the rest of the message leads nowhere. */
static void
put(struct server *s, const char *p, size_t n)
{
	if (n == 0 || s->discard)
		return;
	if (s->ops->write(s->arg, p, n, &s->why) == -1)
		s->discard = true;
}

/* After the last byte of a message: commit, and the reply. */
static void
finish(struct server *s)
{
	char id[ID_SIZE];
	struct err why;

	s->state = SERVER_COMMAND;
	if (!s->discard && s->ops->commit(s->arg, id, &s->why) == -1)
		s->discard = true;
	if (!s->discard)
		server_reply(s, 250, "2.0.0", "Ok: queued as %s", id);
	why = s->why;
	if (s->discard)
		server_refuse(s, s->in_mail ? 554 : 503, &why);
	server_reset(s);
}

/* One byte of DATA decides, or is passed on with its neighbours. */
static enum dot
next_dot(enum dot d, char c)
{
	switch (d) {
	case DOT_START:
		if (c == '.')
			return DOT_DOT;
		break;
	case DOT_DOT:
		if (c == '\r')
			return DOT_CR;
		break;
	case DOT_CR:
		if (c == '\n')
			return DOT_END;
		break;
	case DOT_LINE_CR:
		if (c == '\n')
			return DOT_START;
		break;
	case DOT_LINE:
	case DOT_END:
		break;
	}
	return c == '\r' ? DOT_LINE_CR : DOT_LINE;
}

/*
 * Bytes go on in one piece up to a dot that is held back. A stuffed dot
 * stays away; a CR that was held back behind it comes back when no LF follows.
 */
static size_t
feed_data(struct server *s, const char *p, size_t n)
{
	size_t start = 0, i;

	for (i = 0; i < n && s->dot != DOT_END; i++) {
		enum dot was = (enum dot)s->dot, now = next_dot(was, p[i]);

		if (now == DOT_DOT) {
			put(s, p + start, i - start);
			start = i + 1;
		} else if (now == DOT_CR) {
			start = i + 1;
		} else if (was == DOT_CR && now != DOT_END) {
			put(s, "\r", 1);
			start = i;
		}
		s->dot = now;
	}
	if (s->dot == DOT_END) {
		finish(s);
		return i;
	}
	put(s, p + start, n - start);
	return n;
}

static void
end_chunk(struct server *s)
{
	struct err why = s->why;

	if (s->last) {
		finish(s);
		return;
	}
	s->state = SERVER_COMMAND;
	if (s->discard)
		server_refuse(s, s->in_mail ? 554 : 503, &why);
	else
		server_reply(s, 250, "2.0.0", "Ok");
}

static size_t
feed_chunk(struct server *s, const char *p, size_t n)
{
	if ((int64_t)n > s->left)
		n = (size_t)s->left;
	put(s, p, n);
	s->left -= (int64_t)n;
	if (s->left == 0)
		end_chunk(s);
	return n;
}

static size_t
feed_line(struct server *s, const char *p, size_t n)
{
	const char *end = memchr(p, '\n', n);
	size_t used = end != NULL ? (size_t)(end - p) + 1 : n;

	buf_add(&s->line, p, used);
	if (end == NULL)
		return used;
	if (s->line.over)
		server_refuse_command(s, 500, "5.5.2", "the line is too long");
	else
		server_command(s);
	buf_reset(&s->line);
	/* an empty chunk ends with its command */
	if (s->state == SERVER_CHUNK && s->left == 0)
		end_chunk(s);
	return used;
}

size_t
server_feed(struct server *s, const char *p, size_t n)
{
	size_t used = 0;

	while (used < n && s->out.n < SERVER_OUT_MAX - OUT_ROOM) {
		switch (s->state) {
		case SERVER_COMMAND:
			used += feed_line(s, p + used, n - used);
			break;
		case SERVER_DATA:
			used += feed_data(s, p + used, n - used);
			break;
		case SERVER_CHUNK:
			used += feed_chunk(s, p + used, n - used);
			break;
		case SERVER_CLOSED:
			return used;
		}
	}
	return used;
}

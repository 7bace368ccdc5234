/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/smtp/server_reply.h"

void
server_reply(struct server *s, int code, const char *dsn, const char *fmt, ...)
{
	va_list ap;

	if (s->facts.batch)
		return;
	buf_addf(&s->out, "%d %s%s", code, dsn != NULL ? dsn : "",
	    dsn != NULL ? " " : "");
	va_start(ap, fmt);
	buf_vaddf(&s->out, fmt, ap);
	va_end(ap);
	buf_adds(&s->out, "\r\n");
}

void
server_reply_more(struct server *s, int code, const char *dsn,
    const char *text)
{
	if (!s->facts.batch)
		buf_addf(&s->out, "%d-%s%s%s\r\n", code, dsn != NULL ? dsn : "",
		    dsn != NULL ? " " : "", text);
}

static void
count_error(struct server *s)
{
	if (++s->errors < SERVER_ERRORS_MAX || s->facts.batch)
		return;
	server_reply(s, 421, "4.7.0", "%s too many errors, closing",
	    s->facts.hostname);
	server_reset(s);
	s->state = SERVER_CLOSED;
}

/* 452: what is full; 552: what is too large; else 451 or the given one. */
static int
code_of(const struct err *err, int permanent)
{
	switch (err->kind) {
	case ERR_DATA:
	case ERR_PERM:
	case ERR_USAGE:
		if (strcmp(err->dsn, "5.5.3") == 0)
			return 452;
		if (strcmp(err->dsn, "5.3.4") == 0)
			return 552;
		return permanent;
	case ERR_DENIED:
		return 550;
	default:
		if (strcmp(err->dsn, "4.2.2") == 0 ||
		    strcmp(err->dsn, "4.3.1") == 0)
			return 452;
		return 451;
	}
}

void
server_refuse(struct server *s, int permanent, const struct err *err)
{
	int code = code_of(err, permanent);
	char dsn[sizeof(err->dsn)];

	(void)snprintf(dsn, sizeof(dsn), "%s", err->dsn[0] != '\0' ?
	    err->dsn : "5.0.0");
	dsn[0] = code < 500 ? '4' : '5';
	server_reply(s, code, dsn, "%s", err->text);
	if (s->ops->refused != NULL)
		s->ops->refused(s->arg, err);
	count_error(s);
}

void
server_refuse_command(struct server *s, int code, const char *dsn,
    const char *text)
{
	struct err err;

	server_reply(s, code, dsn, "%s", text);
	if (s->ops->refused != NULL) {
		(void)err_set(&err, ERR_USAGE, dsn, "%s", text);
		s->ops->refused(s->arg, &err);
	}
	count_error(s);
}

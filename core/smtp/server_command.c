/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/smtp/server_args.h"
#include "core/smtp/server_reply.h"

enum {
	EXPN_MAX = 64 * 1024,		/* bytes of what a name leads to */
};

struct command {
	const char	*verb;
	void		(*run)(struct server *, struct slice arg);
	bool		 bare;		/* takes no argument */
};

void
server_reset(struct server *s)
{
	if (s->in_mail || s->begun)
		s->ops->reset(s->arg);
	server_mail_free(&s->mail);
	s->in_mail = s->begun = s->chunked = s->discard = false;
	s->nrcpts = 0;
	s->why = (struct err){ 0 };
}

/* A name or address literal that may stand in a Received field. */
static bool
is_peer(struct slice a)
{
	if (a.n == 0 || a.n > SERVER_NAME_MAX)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (!text_is_alnum(a.p[i]) && (a.p[i] == '\0' ||
		    strchr("-._:[]", a.p[i]) == NULL))
			return false;
	return true;
}

static bool
greet(struct server *s, struct slice arg, bool extended)
{
	if (!is_peer(arg)) {
		server_refuse_command(s, 501, "5.5.4",
		    "a host name or address literal is wanted");
		return false;
	}
	server_reset(s);
	(void)snprintf(s->peer, sizeof(s->peer), "%.*s", (int)arg.n, arg.p);
	s->extended = extended;
	return true;
}

static void
do_helo(struct server *s, struct slice arg)
{
	if (greet(s, arg, false))
		server_reply(s, 250, NULL, "%s", s->facts.hostname);
}

static void
do_ehlo(struct server *s, struct slice arg)
{
	static const char *const names[] = { "PIPELINING", "8BITMIME",
	    "SMTPUTF8", "DSN", "CHUNKING", "ETRN", "ENHANCEDSTATUSCODES" };
	char size[40];

	if (!greet(s, arg, true))
		return;
	server_reply_more(s, 250, NULL, s->facts.hostname);
	for (size_t i = 0; i < NELEM(names); i++)
		server_reply_more(s, 250, NULL, names[i]);
	(void)snprintf(size, sizeof(size), "SIZE %lld",
	    (long long)s->facts.size_max);
	server_reply(s, 250, NULL, "%s", s->facts.size_max != 0 ? size :
	    "SIZE");
}

static void
do_mail(struct server *s, struct slice arg)
{
	struct server_mail m;
	struct err err = { 0 };
	int code = 501;

	if (s->in_mail && !s->facts.batch) {
		server_refuse_command(s, 503, "5.5.1", "one MAIL at a time");
		return;
	}
	server_reset(s);
	if (server_args_mail(arg.p, arg.n, s->facts.size_max, &m, &code,
	    &err) == -1) {
		server_refuse(s, code, &err);
		return;
	}
	if (s->ops->mail(s->arg, &m, &err) == -1) {
		server_mail_free(&m);
		s->ops->reset(s->arg);
		server_refuse(s, 550, &err);
		return;
	}
	s->mail = m;
	s->in_mail = true;
	server_reply(s, 250, "2.1.0", "Ok");
}

static void
do_rcpt(struct server *s, struct slice arg)
{
	struct server_rcpt r;
	struct err err = { 0 };
	int code = 501;

	if (!s->in_mail || s->chunked) {
		server_refuse_command(s, 503, "5.5.1", s->chunked ?
		    "not within a message" : "MAIL comes first");
		return;
	}
	if (server_args_rcpt(arg.p, arg.n, s->mail.utf8, &r, &code,
	    &err) == -1) {
		server_refuse(s, code, &err);
		return;
	}
	if (s->ops->rcpt(s->arg, &r, &err) == -1) {
		server_refuse(s, 550, &err);
	} else {
		s->nrcpts++;
		server_reply(s, 250, "2.1.5", "Ok");
	}
	server_rcpt_free(&r);
}

/* May a message come? Without it the reason is in s->why. */
static bool
begin(struct server *s)
{
	/* once a chunk has led nowhere the others do too */
	if (s->begun || s->chunked)
		return !s->discard;
	if (!s->in_mail)
		(void)err_set(&s->why, ERR_USAGE, "5.5.1", "MAIL comes first");
	else if (s->nrcpts == 0)
		(void)err_set(&s->why, ERR_DATA, "5.5.1",
		    "no valid recipients");
	else if (s->ops->begin(s->arg, &s->why) == 0)
		s->begun = true;
	s->discard = !s->begun;
	return s->begun;
}

static void
do_data(struct server *s, struct slice arg)
{
	(void)arg;
	if (s->chunked) {
		server_refuse_command(s, 503, "5.5.1", "DATA after BDAT");
		return;
	}
	/* In a batch the message comes all the same: it must not be taken for
	 * commands. */
	if (!begin(s) && !s->facts.batch) {
		server_refuse(s, s->in_mail ? 554 : 503, &s->why);
		s->why = (struct err){ 0 };
		s->discard = false;
		return;
	}
	server_reply(s, 354, NULL, "End data with <CR><LF>.<CR><LF>");
	s->state = SERVER_DATA;
	s->dot = 0;
}

static void
do_bdat(struct server *s, struct slice arg)
{
	size_t n = 0;
	struct slice rest;
	int64_t size;

	while (n < arg.n && !text_is_blank(arg.p[n]))
		n++;
	rest = text_trim(arg.p + n, arg.n - n);
	if (!text_to_int(arg.p, n, 0, INT64_MAX, &size) ||
	    (rest.n != 0 && !slice_case_eq(rest, "LAST"))) {
		/* How much of what follows is no command cannot be known. */
		server_refuse_command(s, 501, "5.5.4",
		    "syntax: BDAT SIZE [LAST]; closing");
		server_reset(s);
		s->state = SERVER_CLOSED;
		return;
	}
	(void)begin(s);
	s->chunked = true;
	s->left = size;
	s->last = rest.n != 0;
	s->state = SERVER_CHUNK;
}

static void
do_rset(struct server *s, struct slice arg)
{
	(void)arg;
	server_reset(s);
	server_reply(s, 250, "2.0.0", "Ok");
}

static void
do_noop(struct server *s, struct slice arg)
{
	(void)arg;
	server_reply(s, 250, "2.0.0", "Ok");
}

static void
do_quit(struct server *s, struct slice arg)
{
	(void)arg;
	server_reset(s);
	server_reply(s, 221, "2.0.0", "%s closing", s->facts.hostname);
	s->state = SERVER_CLOSED;
}

/* An address as VRFY and EXPN take it; allocated, NULL when it is none. */
static char *
parse_name(struct server *s, struct slice arg)
{
	struct err err = { 0 };
	char *addr = NULL;

	if (arg.n == 0 || addr_parse(arg.p, arg.n, &addr, &err) == -1 ||
	    addr[0] == '\0') {
		mem_free(addr);
		server_refuse_command(s, 501, "5.1.3", "an address is wanted");
		return NULL;
	}
	return addr;
}

static void
do_vrfy(struct server *s, struct slice arg)
{
	char *addr = parse_name(s, arg);

	if (addr != NULL)
		server_reply(s, 252, "2.5.2",
		    "it is not known here who is there; send some mail");
	mem_free(addr);
}

static void
do_expn(struct server *s, struct slice arg)
{
	char *addr = parse_name(s, arg);
	struct err err = { 0 };
	struct buf lines;
	size_t at = 0;

	if (addr == NULL)
		return;
	buf_init(&lines, EXPN_MAX);
	if (s->ops->expand(s->arg, addr, &lines, &err) == -1) {
		server_refuse(s, 550, &err);
		goto out;
	}
	if (lines.over) {
		server_refuse_command(s, 550, "5.3.0", "too many to be told");
		goto out;
	}
	for (;;) {
		const char *line = buf_str(&lines) + at;
		size_t n = strcspn(line, "\n");

		at += n + (line[n] == '\n');
		if (buf_str(&lines)[at] == '\0') {
			server_reply(s, 250, "2.1.5", "%.*s", (int)n, line);
			break;
		}
		if (!s->facts.batch)
			buf_addf(&s->out, "250-2.1.5 %.*s\r\n", (int)n,
			    line);
	}
out:
	buf_free(&lines);
	mem_free(addr);
}

static void
do_etrn(struct server *s, struct slice arg)
{
	struct err err = { 0 };

	if (arg.n == 0)
		server_refuse_command(s, 501, "5.5.4", "syntax: ETRN NODE");
	else if (s->ops->flush(s->arg, &err) == -1)
		server_reply(s, 458, "4.3.0", "%s", err.text);
	else
		server_reply(s, 250, "2.0.0", "the queue is being sent");
}

static void
do_help(struct server *s, struct slice arg)
{
	(void)arg;
	server_reply(s, 214, "2.0.0", "HELO EHLO MAIL RCPT DATA BDAT RSET NOOP "
	    "QUIT VRFY EXPN ETRN HELP");
}

static void
do_refuse(struct server *s, struct slice arg)
{
	(void)arg;
	server_refuse_command(s, 502, "5.5.1", "that is not done here");
}

static const struct command commands[] = {
	{ "HELO", do_helo, false }, { "EHLO", do_ehlo, false },
	{ "MAIL", do_mail, false }, { "RCPT", do_rcpt, false },
	{ "DATA", do_data, true }, { "BDAT", do_bdat, false },
	{ "RSET", do_rset, true }, { "NOOP", do_noop, false },
	{ "QUIT", do_quit, true }, { "VRFY", do_vrfy, false },
	{ "EXPN", do_expn, false }, { "ETRN", do_etrn, false },
	{ "HELP", do_help, false }, { "TURN", do_refuse, false },
	{ "AUTH", do_refuse, false }, { "STARTTLS", do_refuse, false },
	{ "VERB", do_refuse, false }, { "SEND", do_refuse, false },
	{ "SAML", do_refuse, false }, { "SOML", do_refuse, false },
};

static bool
is_clean(struct slice a)
{
	for (size_t i = 0; i < a.n; i++)
		if ((unsigned char)a.p[i] < ' ' && a.p[i] != '\t')
			return false;
	return memchr(a.p, 0x7f, a.n) == NULL;
}

void
server_command(struct server *s)
{
	struct slice line = text_trim(s->line.p, s->line.n), verb, arg;
	size_t n = 0;

	if (line.n == 0 || !is_clean(line)) {
		server_refuse_command(s, 500, "5.5.2",
		    line.n == 0 ? "a command is wanted" :
		    "a control character in a command");
		return;
	}
	while (n < line.n && !text_is_blank(line.p[n]))
		n++;
	verb = (struct slice){ line.p, n };
	arg = text_trim(line.p + n, line.n - n);
	for (size_t i = 0; i < NELEM(commands); i++) {
		if (!slice_case_eq(verb, commands[i].verb))
			continue;
		if (commands[i].bare && arg.n != 0)
			server_refuse_command(s, 501, "5.5.4",
			    "no argument is taken");
		else
			commands[i].run(s, arg);
		return;
	}
	server_refuse_command(s, 500, "5.5.2", "no such command");
}

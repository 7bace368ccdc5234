/* SPDX-License-Identifier: ISC */
/*
 * What --check does over a session that stands: a test message, or a command
 * of the kind that only people use (RFC 5321 3.5, 4.1.1.6 to 4.1.1.9).
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendoff-deliver/check.h"
#include "core/base/clock.h"
#include "core/base/crc32c.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/date.h"
#include "core/smtp/deliver.h"

enum {
	MESSAGE_MAX = 4096,		/* bytes of the test message */
	ARGUMENT_MAX = 400,		/* bytes of an argument of VRFY, EXPN */
	SHOWN_MAX = 2000,		/* bytes of a reply */
};

/* One command, and what the relay says to it. */
static int
ask(struct smtp_session *s, const char *verb, const char *arg)
{
	struct buf line, shown;
	struct err err = { 0 };
	int status = EX_UNAVAILABLE;

	buf_init(&line, ARGUMENT_MAX + 16);
	buf_init(&shown, SHOWN_MAX);
	buf_addf(&line, "%s%s%s\r\n", verb, arg != NULL ? " " : "",
	    arg != NULL ? arg : "");
	if (smtp_wire_ask(&s->wire, SMTP_PROBE, line.p, line.n, NULL,
	    &err) == -1) {
		(void)printf("  %-9s FAILED: %s\n", verb, err.text);
	} else {
		smtp_reply_show(&s->wire.reply, &shown, SHOWN_MAX - 1);
		(void)printf("  %-9s %s\n", verb, buf_str(&shown));
		status = s->wire.reply.code < 400 ? EX_OK :
		    s->wire.reply.code < 500 ? EX_TEMPFAIL : EX_UNAVAILABLE;
	}
	buf_free(&line);
	buf_free(&shown);
	return status;
}

struct sending {
	struct smtp_message	 msg;
	bool			 given;
	struct outcome		 outcome;
};

static struct smtp_message *
give(void *arg)
{
	struct sending *x = arg;

	if (x->given)
		return NULL;
	x->given = true;
	return &x->msg;
}

static void
take_outcome(void *arg, struct smtp_message *m, size_t i,
    const struct outcome *o)
{
	struct sending *x = arg;

	(void)m;
	(void)i;
	x->outcome = *o;
}

static void
take_done(void *arg, struct smtp_message *m)
{
	(void)arg;
	(void)m;
}

static bool
is_alive(void *arg)
{
	(void)arg;
	return true;
}

/* Whom the relay will most probably let us be. */
static char *
choose_sender(const struct conf *conf, const struct conf_relay *relay)
{
	if (conf->sender != NULL)
		return mem_str(conf->sender);
	if (relay->user != NULL && addr_at(relay->user) != NULL)
		return mem_str(relay->user);
	return addr_complete("root", conf->domain);
}

static void
write_message(struct buf *b, const struct conf *conf, const char *from,
    const char *to)
{
	char id[ID_SIZE];

	id_make(id);
	buf_adds(b, "Date: ");
	date_add(b, clock_wall_us(), 0);
	buf_addf(b, "\r\nFrom: <%s>\r\nTo: <%s>\r\n"
	    "Subject: Test of sendoff on %s\r\nMessage-ID: <%s.check@%s>\r\n"
	    "Auto-Submitted: auto-generated\r\n\r\n"
	    "\"sendoff check --relay --send\" sent this from %s\r\n"
	    "to see whether mail gets through. It does.\r\n", from, to,
	    conf->hostname, id, conf->hostname, conf->hostname);
}

static int
tell_outcome(const struct outcome *o, const struct err *err)
{
	switch (o->verdict) {
	case OUTCOME_SENT:
		(void)printf("  %-9s %s\n", "send", o->text);
		return EX_OK;
	case OUTCOME_NONE:
		(void)printf("  %-9s FAILED: %s\n", "send", err->text);
		return EX_UNAVAILABLE;
	case OUTCOME_FAILED:
		(void)printf("  %-9s REFUSED: %s\n", "send", o->text);
		return EX_UNAVAILABLE;
	default:
		(void)printf("  %-9s LATER: %s\n", "send", o->text);
		return EX_TEMPFAIL;
	}
}

static int
send_message(const struct conf *conf, struct smtp_session *s, const char *to)
{
	struct sending x = { .given = false };
	const struct smtp_feed feed = { give, take_outcome, take_done, -1,
	    is_alive, &x, NULL };
	uint32_t index = 0;
	struct job job = { .index = &index };
	struct smtp_end end;
	struct err err = { 0 };
	struct buf text;
	int status = EX_OSERR, fd = memfd_create("message", MFD_CLOEXEC);

	buf_init(&text, MESSAGE_MAX);
	envelope_init(&job.env);
	mem_free(job.env.sender);
	job.env.sender = choose_sender(conf, s->setup->relay);
	(void)envelope_add_rcpt(&job.env, to);
	write_message(&text, conf, job.env.sender, to);
	job.size = (int64_t)text.n;
	job.crc = crc32c(0, buf_str(&text), text.n);
	smtp_message_init(&x.msg, &job, fd);
	if (fd == -1 || text.over ||
	    pwrite(fd, text.p, text.n, 0) != (ssize_t)text.n) {
		(void)fprintf(stderr, "sendoff-deliver: no test message\n");
	} else {
		(void)smtp_deliver(s, &feed, &end, &err);
		status = tell_outcome(&x.outcome, &err);
	}
	smtp_message_free(&x.msg);
	envelope_free(&job.env);
	buf_free(&text);
	if (fd != -1)
		(void)close(fd);
	return status;
}

static bool
is_argument(const char *s)
{
	return s == NULL || (s[0] != '\0' && strlen(s) <= ARGUMENT_MAX &&
	    text_is_line(s, strlen(s)));
}

int
check_arguments(const struct check *what, struct err *err)
{
	if (what->send != NULL) {
		if (addr_at(what->send) == NULL)
			return err_set(err, ERR_USAGE, NULL,
			    "--send wants a whole address");
		if (addr_check(what->send, err) == -1) {
			err->kind = ERR_USAGE;
			return err_ctx(err, "--send");
		}
	}
	if (!is_argument(what->verify) || !is_argument(what->expand))
		return err_set(err, ERR_USAGE, NULL,
		    "an argument that cannot be sent");
	return 0;
}

int
check_ask(const struct conf *conf, struct smtp_session *s,
    const struct check *what)
{
	if (what->send != NULL)
		return send_message(conf, s, what->send);
	if (what->verify != NULL)
		return ask(s, "VRFY", what->verify);
	if (what->expand != NULL)
		return ask(s, "EXPN", what->expand);
	if (what->help_text)
		return ask(s, "HELP", NULL);
	if (what->noop)
		return ask(s, "NOOP", NULL);
	return EX_OK;
}

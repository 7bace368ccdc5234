/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/smtp/command.h"
#include "core/smtp/session.h"

static int
greeting(struct smtp_session *s, struct err *err)
{
	s->phase = SMTP_GREETING;
	if (smtp_wire_read(&s->wire, SMTP_GREETING, err) == -1)
		return -1;
	if (smtp_judge(SMTP_GREETING, &s->wire.reply) != SMTP_YES)
		return smtp_wire_refuse(&s->wire,
		    "the relay does not take mail", err);
	/*
	 * Dovecot's submission service (2.3) offers PIPELINING, and dies of
	 * an assertion when DATA or BDAT of the next message stands behind
	 * one that its own relay still has to answer for.
	 */
	s->one_by_one = strstr(buf_str(&s->wire.reply.text), "Dovecot") !=
	    NULL;
	return smtp_wire_quiet(&s->wire, err);
}

/* "EHLO name" or "HELO name" and its reply. */
static int
hello(struct smtp_session *s, enum smtp_phase phase, struct err *err)
{
	struct buf b;
	int ret = -1;

	s->phase = phase;
	buf_init(&b, SMTP_COMMAND_MAX);
	if (smtp_command_hello(&b, phase == SMTP_EHLO ? "EHLO" : "HELO",
	    s->setup->relay->helo, err) == -1)
		goto out;
	if (smtp_wire_ask(&s->wire, phase, b.p, b.n, NULL, err) == -1)
		goto out;
	ret = 0;
out:
	buf_free(&b);
	return ret;
}

/* Is EHLO itself what it does not know (RFC 5321 3.2)? */
static bool
knows_no_ehlo(int code)
{
	return code == 500 || code == 501 || code == 502 || code == 504 ||
	    code == 550;
}

/* Without EHLO there is neither TLS nor AUTH. */
static int
helo_will_do(const struct smtp_session *s, struct err *err)
{
	const struct conf_relay *r = s->setup->relay;

	if (r->tls == CONF_TLS_STARTTLS && !s->tls)
		return err_set(err, ERR_TEMP, "4.7.4", "the relay does not "
		    "know EHLO, so it has no STARTTLS, which [relay] tls "
		    "demands");
	if (r->user != NULL && r->auth != CONF_AUTH_OFF)
		return err_set(err, ERR_TEMP, "4.7.0", "the relay does not "
		    "know EHLO, so it has no AUTH, which [relay] user demands");
	return 0;
}

static int
introduce(struct smtp_session *s, struct err *err)
{
	smtp_caps_reset(&s->caps);
	s->esmtp = false;
	if (!s->target->skip_ehlo) {
		if (hello(s, SMTP_EHLO, err) == -1)
			return -1;
		if (smtp_judge(SMTP_EHLO, &s->wire.reply) == SMTP_YES) {
			s->esmtp = true;
			smtp_caps_parse(&s->caps, buf_str(&s->wire.reply.text),
			    s->wire.reply.text.n);
			if (s->setup->no_chunking)
				s->caps.bits &= ~(unsigned)SMTP_CAP_CHUNKING;
			return smtp_wire_quiet(&s->wire, err);
		}
		if (!knows_no_ehlo(s->wire.reply.code))
			return smtp_wire_refuse(&s->wire, "the relay refuses "
			    "EHLO", err);
		if (smtp_wire_quiet(&s->wire, err) == -1)
			return -1;
	}
	if (helo_will_do(s, err) == -1 || hello(s, SMTP_HELO, err) == -1)
		return -1;
	if (smtp_judge(SMTP_HELO, &s->wire.reply) != SMTP_YES)
		return smtp_wire_refuse(&s->wire, "the relay refuses HELO",
		    err);
	return smtp_wire_quiet(&s->wire, err);
}

static int
handshake(struct smtp_session *s, struct err *err)
{
	const struct smtp_target *t = s->target;
	const struct conf_relay *r = s->setup->relay;
	/* Who says "if it can be had" takes a bad certificate, too; but DANE's
	 * records promise a good one. */
	bool unverified = r->tls == CONF_TLS_OPPORTUNISTIC && t->ntlsa == 0;

	s->phase = SMTP_HANDSHAKE;
	if (s->setup->tls == NULL)
		return err_set(err, ERR_CONF, "4.3.5", "TLS is not set up");
	stream_set_timeout(&s->wire.stream,
	    smtp_phase_timeout_ms(SMTP_HANDSHAKE, r));
	if (tls_start(s->setup->tls, &s->wire.stream, t->names, t->nnames,
	    t->tlsa, t->ntlsa, unverified, &s->peer, err) == -1)
		return -1;
	s->tls = true;
	return 0;
}

/* What comes behind the 220, before TLS stands, might be anybody's. */
static int
nothing_behind(struct smtp_session *s, struct err *err)
{
	ssize_t n = 1;
	char c;

	if (!smtp_wire_stirs(&s->wire))
		return 0;
	if (s->wire.in_at == s->wire.in_n)
		n = stream_read(&s->wire.stream, &c, 1, err);
	if (n > 0)
		return err_set(err, ERR_PROTO, "4.7.0", "plain text came "
		    "behind the reply to STARTTLS: somebody may be injecting "
		    "commands");
	s->phase = SMTP_HANDSHAKE;
	if (n == 0)
		(void)err_set(err, ERR_PROTO, "4.7.0", "the relay closed the "
		    "connection instead of beginning with TLS");
	return -1;
}

static int
starttls(struct smtp_session *s, struct err *err)
{
	static const char line[] = "STARTTLS\r\n";

	s->phase = SMTP_STARTTLS;
	if (smtp_wire_ask(&s->wire, SMTP_STARTTLS, line, sizeof(line) - 1,
	    NULL, err) == -1)
		return -1;
	switch (smtp_judge(SMTP_STARTTLS, &s->wire.reply)) {
	case SMTP_YES:
		break;
	case SMTP_WRONG:
	case SMTP_OVER:
		return smtp_wire_refuse(&s->wire, "the relay fails STARTTLS",
		    err);
	default:
		if (s->setup->relay->tls == CONF_TLS_OPPORTUNISTIC)
			return smtp_wire_quiet(&s->wire, err);
		return smtp_wire_refuse(&s->wire, "the relay refuses STARTTLS",
		    err);
	}
	if (nothing_behind(s, err) == -1)
		return -1;
	/* RFC 3207 4.2: nothing that was said before counts. */
	smtp_caps_reset(&s->caps);
	if (handshake(s, err) == -1)
		return -1;
	return introduce(s, err);
}

static int
secure(struct smtp_session *s, struct err *err)
{
	bool offered = (s->caps.bits & SMTP_CAP_STARTTLS) != 0;

	switch (s->setup->relay->tls) {
	case CONF_TLS_NONE:
	case CONF_TLS_IMPLICIT:
		return 0;
	case CONF_TLS_OPPORTUNISTIC:
		if (!offered || s->target->skip_tls)
			return 0;
		break;
	case CONF_TLS_STARTTLS:
		if (offered)
			break;
		s->phase = SMTP_STARTTLS;
		return err_set(err, ERR_TEMP, "4.7.4", "the relay does not "
		    "offer STARTTLS, which [relay] tls demands: is it the port "
		    "for tls = implicit, or is somebody in between?");
	}
	return starttls(s, err);
}

static bool
starts_with_tls(const struct smtp_session *s)
{
	return s->setup->relay->tls == CONF_TLS_IMPLICIT ||
	    s->target->implicit_tls;
}

int
smtp_session_open(struct smtp_session *s, const struct smtp_setup *setup,
    const struct smtp_target *target, struct stream *stream,
    int64_t started_ms, struct err *err)
{
	memset(s, 0, sizeof(*s));
	smtp_wire_open(&s->wire, stream, setup->relay, setup->trace,
	    setup->trace_arg);
	smtp_caps_init(&s->caps);
	s->setup = setup;
	s->target = target;
	(void)snprintf(s->name, sizeof(s->name), "%.240s[%.63s]:%d",
	    target->host, target->address, target->port);
	if (starts_with_tls(s) && handshake(s, err) == -1)
		return -1;
	if (greeting(s, err) == -1 || introduce(s, err) == -1)
		return -1;
	if (!s->tls && secure(s, err) == -1)
		return -1;
	if (smtp_session_auth(s, err) == -1)
		return -1;
	s->connect_ms = clock_tick_ms() - started_ms;
	return 0;
}

void
smtp_session_quit(struct smtp_session *s)
{
	static const char line[] = "QUIT\r\n";
	struct err ignored;

	if (s->wire.stream.ops == NULL)
		return;
	/* Whatever it answers: everything is settled (RFC 5321 4.1.1.10). */
	(void)smtp_wire_ask(&s->wire, SMTP_QUIT, line, sizeof(line) - 1, NULL,
	    &ignored);
	smtp_session_close(s);
}

void
smtp_session_close(struct smtp_session *s)
{
	smtp_wire_close(&s->wire);
	smtp_caps_free(&s->caps);
	s->over = true;
}

/* SPDX-License-Identifier: ISC */
/*
 * The AUTH exchange: send, read; 334 -> step, 235 -> done, else fail.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/smtp/command.h"
#include "core/smtp/session.h"

enum {
	TRIED_MAX = 512,		/* bytes of mechanism names */
};

enum attempt {
	AUTH_DONE,
	AUTH_OTHER,		/* not this mechanism: the next one */
	AUTH_TOKEN,		/* the token was refused */
	AUTH_FAILED,
};

static bool
is_listed(const struct conf_relay *r, const char *mech)
{
	size_t i;

	for (i = 0; i < r->auth_list.n; i++)
		if (text_str_case_eq(r->auth_list.v[i], mech))
			return true;
	return false;
}

/* Must we authenticate, whatever the relay offers? */
static bool
is_demanded(const struct smtp_session *s)
{
	const struct conf_relay *r = s->setup->relay;

	if (r->auth == CONF_AUTH_OFF)
		return false;
	return r->user != NULL ||
	    (r->auth == CONF_AUTH_LIST && is_listed(r, "EXTERNAL"));
}

static int
fail_step(struct smtp_session *s, const char *mech, struct err *err)
{
	char what[64];

	(void)snprintf(what, sizeof(what), "AUTH %s is refused", mech);
	return smtp_wire_refuse(&s->wire, what, err);
}

/* Our side cannot go on: "*", which must be answered by a refusal. */
static enum attempt
cancel(struct smtp_session *s, struct err *err)
{
	struct err ignored;

	if (smtp_wire_ask(&s->wire, SMTP_AUTH, "*\r\n", 3, NULL,
	    &ignored) == -1)
		return AUTH_FAILED;
	if (s->wire.reply.code / 100 != 5)
		(void)err_set(err, ERR_PROTO, "4.7.0",
		    "the relay takes a cancelled AUTH for one that succeeded");
	return AUTH_FAILED;
}

/* A final reply that is not 235. */
static enum attempt
judge_refused(struct smtp_session *s, const struct sasl_facts *facts,
    const char *mech, struct err *err)
{
	int code = s->wire.reply.code;

	(void)fail_step(s, mech, err);
	if (code == 504 || code == 534)
		return AUTH_OTHER;
	if (code != 535)
		return AUTH_FAILED;
	if (facts->secrets->token.n > 0) {
		(void)err_ctx(err, "the access token is not accepted");
		return AUTH_TOKEN;
	}
	(void)err_ctx(err, "wrong user or password in [relay]");
	return AUTH_FAILED;
}

static enum attempt
converse(struct smtp_session *s, const struct sasl_facts *facts,
    const char *mech, struct sasl *sasl, struct err *err)
{
	const struct smtp_reply *r = &s->wire.reply;
	enum attempt ret = AUTH_FAILED;
	struct buf line;
	int steps;

	buf_init(&line, SASL_LINE_MAX + 2);
	buf_reserve(&line, SASL_LINE_MAX + 2);
	for (steps = 0; r->code == 334; steps++) {
		buf_reset(&line);
		if (steps == SASL_STEPS_MAX) {
			(void)err_set(err, ERR_PROTO, "4.7.0",
			    "AUTH %s does not come to an end", mech);
			ret = cancel(s, err);
			goto out;
		}
		if (sasl_step(sasl, buf_str(&r->text), r->text.n, &line,
		    err) == -1) {
			ret = cancel(s, err);
			goto out;
		}
		buf_adds(&line, "\r\n");
		if (smtp_wire_ask(&s->wire, SMTP_AUTH, line.p, line.n, "***",
		    err) == -1)
			goto out;
	}
	if (smtp_judge(SMTP_AUTH, r) != SMTP_YES)
		ret = judge_refused(s, facts, mech, err);
	else if (sasl_finish(sasl, err) == 0 &&
	    smtp_wire_quiet(&s->wire, err) == 0)
		ret = AUTH_DONE;
out:
	buf_wipe(&line);
	return ret;
}

static enum attempt
try_mechanism(struct smtp_session *s, const struct sasl_facts *facts,
    const char *mech, struct err *err)
{
	enum attempt ret = AUTH_FAILED;
	struct sasl *sasl = NULL;
	struct buf initial, line;
	char shown[64];

	buf_init(&initial, SASL_LINE_MAX);
	buf_reserve(&initial, SASL_LINE_MAX);
	buf_init(&line, SASL_LINE_MAX + 2);
	buf_reserve(&line, SASL_LINE_MAX + 2);
	/* Nothing has been sent: no Kerberos ticket, say, rules out no more
	 * than the one mechanism. */
	if (sasl_start(facts, mech, &sasl, &initial, err) == -1 ||
	    smtp_command_auth(&line, mech, buf_str(&initial), err) == -1) {
		ret = AUTH_OTHER;
		goto out;
	}
	(void)snprintf(shown, sizeof(shown), "AUTH %s%s", mech,
	    initial.n > 0 ? " ***" : "");
	if (smtp_wire_ask(&s->wire, SMTP_AUTH, line.p, line.n, shown,
	    err) == 0)
		ret = converse(s, facts, mech, sasl, err);
out:
	sasl_free(sasl);
	buf_wipe(&initial);
	buf_wipe(&line);
	return ret;
}

static struct sasl_facts
gather_facts(struct smtp_session *s)
{
	const struct conf_relay *r = s->setup->relay;

	return (struct sasl_facts){
		.relay = r, .secrets = s->setup->secrets,
		.host = s->target->host, .port = s->target->port,
		.tls = s->tls,
		.tls_verified = s->tls && (s->peer.verified ||
		    r->tls_verify == CONF_VERIFY_NO),
		.stream = &s->wire.stream,
	};
}

/* Mechanism after mechanism, until one is taken or none is left. */
static int
negotiate(struct smtp_session *s, struct err *err)
{
	struct sasl_facts facts = gather_facts(s);
	bool refreshed = false;
	struct err last = { 0 };
	struct buf tried;
	int ret = -1;

	buf_init(&tried, TRIED_MAX);
	for (;;) {
		if (sasl_choose(&facts, buf_str(&s->caps.auth),
		    buf_str(&tried), s->mech, sizeof(s->mech), err) == -1) {
			/* What the relay said about the last one tells more. */
			if (last.kind != ERR_NONE)
				*err = last;
			break;
		}
		switch (try_mechanism(s, &facts, s->mech, err)) {
		case AUTH_DONE:
			s->authenticated = true;
			ret = 0;
			break;
		case AUTH_OTHER:
			last = *err;
			buf_addf(&tried, "%s%s", tried.n > 0 ? " " : "",
			    s->mech);
			if (!tried.over)
				continue;
			break;
		case AUTH_TOKEN:
			if (refreshed || sasl_secrets_refresh(s->setup->relay,
			    s->setup->secrets, err) == -1)
				break;
			refreshed = true;
			continue;
		case AUTH_FAILED:
			break;
		}
		break;
	}
	buf_free(&tried);
	return ret;
}

int
smtp_session_auth(struct smtp_session *s, struct err *err)
{
	const struct conf_relay *r = s->setup->relay;
	bool demanded = is_demanded(s);

	if (!demanded && (r->auth == CONF_AUTH_OFF ||
	    (s->caps.bits & SMTP_CAP_AUTH) == 0 ||
	    s->setup->secrets == NULL || !s->setup->secrets->client_cert))
		return 0;
	assert(s->setup->secrets != NULL);
	s->phase = SMTP_AUTH;
	if ((s->caps.bits & SMTP_CAP_AUTH) == 0)
		return err_set(err, ERR_TEMP, "4.7.0", "the relay does not "
		    "offer AUTH%s, which [relay] user demands",
		    s->tls ? "" : " without TLS");
	if (negotiate(s, err) == 0)
		return 0;
	/* A certificate may have been enough: nobody asked for EXTERNAL. */
	if (!demanded && !s->wire.broken && s->wire.reply.code / 100 != 4)
		return 0;
	return -1;
}

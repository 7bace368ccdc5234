/* SPDX-License-Identifier: ISC */
/*
 * What each reply means for a transaction and its recipients.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/smtp/deliver_impl.h"

void
smtp_owe(struct smtp_message *m, size_t i)
{
	m->rcpts[i] = SMTP_RCPT_OWED;
	if (i < m->owed_from)
		m->owed_from = i;
}

static void
settle_one(struct smtp_run *r, struct smtp_transaction *t, size_t i,
    enum outcome_verdict verdict)
{
	struct outcome o;

	smtp_outcome_reply(&o, verdict, &r->s->wire.reply);
	smtp_settle(r->s, t, t->msg, r->feed, i, &o);
}

void
smtp_settle_all(struct smtp_run *r, struct smtp_transaction *t,
    enum smtp_rcpt_state which, enum outcome_verdict verdict)
{
	size_t k;

	for (k = 0; k < t->nrcpts; k++)
		if (t->msg->rcpts[t->rcpts[k]] == which)
			settle_one(r, t, t->rcpts[k], verdict);
}

static int
wrong(struct smtp_run *r, enum smtp_phase phase, struct err *err)
{
	(void)smtp_wire_refuse(&r->s->wire, smtp_phases[phase].name, err);
	err->kind = ERR_PROTO;
	return err_ctx(err, "out of place");
}

/*
 * 421 and 530 end the session, wherever they come. Both are answers: what
 * was said behind them is not accepted, so nothing in flight is in doubt.
 */
static int
ended(struct smtp_run *r, enum smtp_verdict v, struct err *err)
{
	size_t k;

	for (k = 0; k < r->n; k++)
		r->flight[k].dotted = false;
	if (v == SMTP_OVER)
		return smtp_wire_refuse(&r->s->wire,
		    "the relay ended the session", err);
	r->end->denied = true;
	r->s->phase = SMTP_AUTH;
	return smtp_wire_refuse(&r->s->wire,
	    "the relay wants authentication ([relay] user)", err);
}

static void
take_mail(struct smtp_run *r, struct smtp_transaction *t, enum smtp_verdict v)
{
	struct smtp_message *m = t->msg;
	struct smtp_reply *reply = &r->s->wire.reply;
	size_t k;

	if (v == SMTP_YES) {
		t->mail_taken = true;
		r->s->unfinished = true;
	} else if (v == SMTP_BARE && t->optional && !m->bare) {
		m->bare = true;
		for (k = 0; k < t->nrcpts; k++)
			smtp_owe(m, t->rcpts[k]);
	} else {
		/* RFC 1870 6.1: the size that we announced is too much. */
		if (reply->code == 552 && reply->dsn[0] == '\0')
			memcpy(reply->dsn, "5.3.4", 6);
		smtp_settle_all(r, t, SMTP_RCPT_ASKED, v == SMTP_LATER ?
		    OUTCOME_DEFERRED : OUTCOME_FAILED);
	}
}

static void
take_rcpt(struct smtp_run *r, struct smtp_transaction *t, size_t k,
    enum smtp_verdict v)
{
	struct smtp_message *m = t->msg;
	size_t i = t->rcpts[k];

	if (!t->mail_taken) {
		/* MAIL was refused, and this one's fate with it. */
		if (v == SMTP_YES)
			r->s->unfinished = true;
		return;
	}
	if (v == SMTP_YES) {
		m->rcpts[i] = SMTP_RCPT_ACCEPTED;
		t->accepted++;
		t->full_lied = t->full;
	} else if (v == SMTP_FULL && t->accepted > 0) {
		t->full = true;
		smtp_owe(m, i);
	} else if (v == SMTP_BARE && t->dsn && !m->bare) {
		m->bare = true;
		smtp_owe(m, i);
	} else {
		settle_one(r, t, i, v == SMTP_LATER || v == SMTP_FULL ?
		    OUTCOME_DEFERRED : OUTCOME_FAILED);
	}
}

static void
take_data(struct smtp_run *r, struct smtp_transaction *t, enum smtp_verdict v)
{
	if (v == SMTP_YES) {
		t->opened = true;
		t->opened_ms = clock_tick_ms();
		return;
	}
	smtp_settle_all(r, t, SMTP_RCPT_ACCEPTED, v == SMTP_LATER ?
	    OUTCOME_DEFERRED : OUTCOME_FAILED);
	t->accepted = 0;
}

int
smtp_take_reply(struct smtp_run *r, struct smtp_transaction *t,
    struct err *err)
{
	size_t rcpt = 0;
	enum smtp_phase phase = smtp_transaction_phase(t, t->answered, &rcpt);
	enum smtp_verdict v;

	if (phase == SMTP_DOT)
		return smtp_take_dot(r, t, err);
	if (smtp_wire_read(&r->s->wire, phase, err) == -1)
		return -1;
	t->answered++;
	v = smtp_judge(phase, &r->s->wire.reply);
	if (v == SMTP_OVER || v == SMTP_DENIED)
		return ended(r, v, err);
	/* After a refused MAIL servers say all kinds of things to the rest. */
	if (v == SMTP_WRONG && (t->mail_taken || phase < SMTP_RCPT))
		return wrong(r, phase, err);
	if (phase == SMTP_MAIL)
		take_mail(r, t, v);
	else if (phase == SMTP_RCPT)
		take_rcpt(r, t, rcpt, v);
	else if (phase == SMTP_DATA)
		take_data(r, t, v);
	else if (v != SMTP_YES)		/* RSET: it does not know where it is */
		return wrong(r, phase, err);
	else
		r->s->unfinished = false;
	return 0;
}

/*
 * Offers CHUNKING, and does not know BDAT: it takes our message for commands.
 * Out, at once, and never again with this relay.
 */
static int
cannot_chunk(struct smtp_run *r, struct err *err)
{
	size_t k;

	for (k = 0; k < r->n; k++)
		r->flight[k].dotted = false;
	r->end->no_chunking = true;
	(void)smtp_wire_refuse(&r->s->wire,
	    "the relay offers CHUNKING and does not know BDAT", err);
	return -1;
}

int
smtp_take_dot(struct smtp_run *r, struct smtp_transaction *t,
    struct err *err)
{
	int code;
	enum smtp_verdict v;

	if (smtp_wire_read(&r->s->wire, SMTP_DOT, err) == -1)
		return -1;
	t->answered++;
	/* A BDAT that fails leaves its transaction open (RFC 3030 2). */
	code = r->s->wire.reply.code;
	if (!t->chunked || (code / 100 == 2 && r->n == 1))
		r->s->unfinished = false;
	v = smtp_judge(SMTP_DOT, &r->s->wire.reply);
	if (t->chunked && (code == 500 || code == 502))
		return cannot_chunk(r, err);
	switch (v) {
	case SMTP_YES:
		smtp_settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_SENT);
		return 0;
	case SMTP_LATER:
		smtp_settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_DEFERRED);
		return 0;
	case SMTP_OVER:
		smtp_settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_DEFERRED);
		return ended(r, v, err);
	case SMTP_DENIED:
		return ended(r, v, err);
	case SMTP_WRONG:
		return wrong(r, SMTP_DOT, err);
	default:
		smtp_settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_FAILED);
		return 0;
	}
}

/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/smtp/body.h"
#include "core/smtp/deliver_impl.h"

enum {
	FLUSH_AT = 32 * 1024,		/* bytes that make a write */
};

/* Nothing more to say in this transaction's envelope? */
static bool
is_said(const struct smtp_transaction *t)
{
	size_t rcpt;

	if (t->sent == t->ncommands)
		return true;
	if (t->sent != t->answered)
		return false;
	if (smtp_transaction_phase(t, t->sent, &rcpt) == SMTP_RCPT)
		return !t->mail_taken;
	/* DATA without a recipient is an error that we can spare the relay. */
	return smtp_transaction_phase(t, t->sent, &rcpt) == SMTP_DATA &&
	    t->accepted == 0;
}

/* The envelope, from wherever it stands to its last reply. */
static int
envelope(struct smtp_run *r, struct smtp_transaction *t, struct err *err)
{
	for (;;) {
		while (t->answered < t->sent)
			if (smtp_take_reply(r, t, err) == -1)
				return -1;
		if (is_said(t))
			break;
		if (smtp_wire_quiet(&r->s->wire, err) == -1)
			return -1;
		smtp_say_group(r, t);
		if (smtp_wire_flush(&r->s->wire, SMTP_MAIL, err) == -1)
			return -1;
	}
	return 0;
}

/*
 * The server speaks before it has the whole message. A refusal is its last
 * word; the dot is never sent, and what is left of the message neither.
 */
static int
interrupted(struct smtp_run *r, struct err *err)
{
	struct smtp_transaction *t = &r->flight[0];
	enum smtp_verdict v;

	if (smtp_wire_read(&r->s->wire, SMTP_BODY, err) == -1)
		return -1;
	v = smtp_judge(SMTP_DOT, &r->s->wire.reply);
	if (v == SMTP_LATER || v == SMTP_OVER)
		smtp_settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_DEFERRED);
	else if (v == SMTP_NO)
		smtp_settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_FAILED);
	return smtp_wire_refuse(&r->s->wire,
	    "the relay answered in the middle of the message", err);
}

/* All of the message, its dot too, but what still waits for a flush. */
static int
send_body(struct smtp_run *r, struct smtp_transaction *t, struct err *err)
{
	struct smtp_wire *w = &r->s->wire;
	struct smtp_body body;
	int ret = -1;

	smtp_body_open(&body, t->msg->fd, t->msg->job, t->msg->mime);
	while (smtp_body_more(&body)) {
		if (smtp_wire_stirs(w)) {
			ret = interrupted(r, err);
			goto out;
		}
		if (w->out.n >= FLUSH_AT &&
		    smtp_wire_flush(w, SMTP_BODY, err) == -1)
			goto out;
		if (smtp_body_read(&body, &w->out, err) == -1) {
			smtp_unreadable(r, t, err);
			goto out;
		}
	}
	smtp_dot_finish(&body.dot, &w->out);
	ret = 0;
out:
	smtp_body_close(&body);
	return ret;
}

/*
 * After 354: the message (or, where every recipient was refused, nothing),
 * the dot, and with them what comes next; then the reply to the dot.
 */
static int
transfer(struct smtp_run *r, struct smtp_transaction *t, struct err *err)
{
	struct smtp_wire *w = &r->s->wire;

	if (t->accepted > 0) {
		if (send_body(r, t, err) == -1)
			return -1;
	} else {
		buf_adds(&w->out, ".\r\n");
	}
	if (smtp_wire_stirs(w))
		return interrupted(r, err);
	if (!r->feed->alive(r->feed->arg))
		return err_set(err, ERR_TEMP, "4.3.0",
		    "nobody is left to take note of the outcome");
	t->dotted = t->accepted > 0;
	t->ended = true;
	smtp_tell_between(r);
	/* The dot closes what is open there: no RSET for the next. */
	r->s->unfinished = false;
	if (smtp_push(r, err) == -1 || smtp_await(r, SMTP_DOT, err) == -1)
		return -1;
	return smtp_take_dot(r, t, err);
}

/* Takes note of how many recipients the relay takes at once. */
static void
learn_limit(struct smtp_session *s, const struct smtp_transaction *t)
{
	int64_t n = (int64_t)t->accepted;

	if (t->full && !t->full_lied && (s->rcpt_max == 0 || n < s->rcpt_max))
		s->rcpt_max = n;
}

/* The first in flight, to its end. */
static int
finish_first(struct smtp_run *r, struct err *err)
{
	struct smtp_transaction *t = &r->flight[0];
	size_t rcpt;

	if (!t->chunked) {
		if (envelope(r, t, err) == -1)
			return -1;
		learn_limit(r->s, t);
		return t->opened ? transfer(r, t, err) : 0;
	}
	while (t->answered < t->sent) {
		if (smtp_await(r, smtp_transaction_phase(t, t->answered, &rcpt),
		    err) == -1 || smtp_take_reply(r, t, err) == -1)
			return -1;
	}
	learn_limit(r->s, t);
	return 0;
}

/* The session has died over the k-th: what is undecided is owed again,
 * unless it may have been accepted. */
static void
abandon(struct smtp_run *r, size_t k, const struct err *err)
{
	struct smtp_transaction *t = &r->flight[k];
	struct smtp_message *m = t->msg;
	struct outcome o;
	size_t j, i;

	for (j = 0; j < t->nrcpts; j++) {
		i = t->rcpts[j];
		if (m->rcpts[i] != SMTP_RCPT_ACCEPTED &&
		    m->rcpts[i] != SMTP_RCPT_ASKED)
			continue;
		if (t->dotted &&
		    (t->chunked || m->rcpts[i] == SMTP_RCPT_ACCEPTED)) {
			smtp_outcome_err(&o, OUTCOME_UNKNOWN, err);
			smtp_settle(r->s, t, m, r->feed, i, &o);
		} else {
			smtp_owe(m, i);
		}
	}
	smtp_conclude(r, k);
}

static void
die(struct smtp_run *r, const struct err *err)
{
	const struct smtp_transaction *t = &r->flight[0];
	size_t k;

	r->s->over = true;
	if (r->n > 0 && t->sent > 0 && !t->dotted && t->msg->open > 0 &&
	    !r->end->denied && !r->end->no_chunking)
		r->end->culprit = t->msg;
	for (k = 0; k < r->n; k++)
		abandon(r, k, err);
	r->n = 0;
	smtp_tell_between(r);
}

int
smtp_deliver(struct smtp_session *s, const struct smtp_feed *feed,
    struct smtp_end *end, struct err *err)
{
	struct smtp_run r = { .s = s, .feed = feed, .end = end };

	memset(end, 0, sizeof(*end));
	for (;;) {
		if (smtp_push(&r, err) == -1)
			break;
		if (r.n == 0)
			return 0;
		if (finish_first(&r, err) == -1)
			break;
		smtp_conclude(&r, 0);
		s->completed++;
		r.n--;
		memmove(r.flight, r.flight + 1, r.n * sizeof(*r.flight));
		smtp_tell_between(&r);
	}
	die(&r, err);
	return -1;
}

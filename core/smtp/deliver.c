/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/smtp/body.h"
#include "core/smtp/deliver_impl.h"

enum {
	FLUSH_AT = 32 * 1024,		/* bytes that make a write */
};

static void
take_up_again(struct smtp_run *r, struct smtp_message *m)
{
	size_t i;

	for (i = 0; i < r->nagain; i++)
		if (r->again[i] == m)
			return;
	if (m != r->msg && r->nagain < SMTP_WINDOW && smtp_message_owes(m))
		r->again[r->nagain++] = m;
}

/* Whose turn it is; NULL: nobody's now. */
static struct smtp_message *
next_message(struct smtp_run *r)
{
	if (r->msg != NULL && smtp_message_owes(r->msg))
		return r->msg;
	if (r->nagain > 0)
		return r->again[--r->nagain];
	return r->feed->next(r->feed->arg);
}

/* The k-th transaction is over; and with its last one, the message. */
static void
conclude(struct smtp_run *r, size_t k)
{
	struct smtp_message *m = r->flight[k].msg;

	smtp_transaction_free(&r->flight[k]);
	if (m->open > 0) {
		take_up_again(r, m);
		return;
	}
	if (r->msg == m)
		r->msg = NULL;
	r->feed->done(r->feed->arg, m);
}

static int64_t
most_mails(const struct smtp_session *s)
{
	int64_t max = s->setup->relay->messages_per_connection;

	if (s->caps.mail_max > 0 && (max == 0 || s->caps.mail_max < max))
		max = s->caps.mail_max;
	return max;
}

/*
 * The next transaction of m. Behind one by BDAT, of which nobody knows yet
 * whether it leaves its transaction open, RSET comes first: or a recipient
 * of the one might get the message of the other.
 */
static bool
build(struct smtp_run *r, struct smtp_message *m)
{
	bool unfinished = r->s->unfinished, built;

	if (r->n > 0 && r->flight[r->n - 1].chunked)
		r->s->unfinished = true;
	built = smtp_transaction_init(&r->flight[r->n], r->s, m, r->feed);
	r->s->unfinished = unfinished;
	return built;
}

/* One more in flight, not yet said; false when there is none now. */
static bool
begin(struct smtp_run *r)
{
	struct smtp_message *m;
	int64_t max = most_mails(r->s);

	for (;;) {
		if (max > 0 && r->s->mails >= max)
			r->s->over = true;
		if (r->s->over)
			return false;
		r->msg = next_message(r);
		if (r->msg == NULL)
			return false;
		if (build(r, r->msg)) {
			r->n++;
			return true;
		}
		m = r->msg;
		r->msg = NULL;
		if (m->open == 0)
			r->feed->done(r->feed->arg, m);
	}
}

static bool
offers(const struct smtp_session *s, unsigned caps)
{
	return (s->caps.bits & caps) == caps;
}

/* May another transaction be said now? */
static bool
has_room(const struct smtp_run *r)
{
	size_t most = 1;

	if (offers(r->s, SMTP_CAP_PIPELINING))
		most = offers(r->s, SMTP_CAP_CHUNKING) ? SMTP_WINDOW : 2;
	return r->n < most && (r->n == 0 || r->flight[r->n - 1].ended);
}

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

/* The next group of commands: to the wire's buffer. */
static void
say_group(struct smtp_run *r, struct smtp_transaction *t)
{
	struct smtp_wire *w = &r->s->wire;
	size_t most = offers(r->s, SMTP_CAP_PIPELINING) ?
	    SMTP_GROUP_COMMANDS : 1;
	size_t first = t->sent, from = first > 0 ? t->ends[first - 1] : 0;
	size_t start = from;

	if (t->begun_ms == 0)
		t->begun_ms = clock_tick_ms();
	while (t->sent < t->ncommands && t->sent - first < most) {
		size_t to = t->ends[t->sent];

		if (to - start > SMTP_GROUP_MAX && t->sent > first)
			break;
		smtp_wire_say(w, t->commands.p + from, to - from, NULL);
		from = to;
		t->sent++;
	}
}

/* A transaction by BDAT, whole. From here on it may be accepted. */
static void
say_chunked(struct smtp_run *r, struct smtp_transaction *t)
{
	size_t from = 0, to;
	char shown[40];

	(void)snprintf(shown, sizeof(shown), "BDAT %lld LAST",
	    (long long)t->msg->size);
	for (; t->sent < t->ncommands; t->sent++) {
		to = t->ends[t->sent];
		smtp_wire_say(&r->s->wire, t->commands.p + from, to - from,
		    t->sent + 1 == t->ncommands ? shown : NULL);
		from = to;
	}
	t->begun_ms = t->opened_ms = clock_tick_ms();
	t->dotted = true;
	t->ended = true;
	r->s->unfinished = true;
}

/*
 * Our own file fails us: not the relay's fault, and no other relay can mend
 * it. Settled here for all recipients but those that another transaction in
 * flight has, so that nobody tries again at once.
 */
static void
unreadable(struct smtp_run *r, struct smtp_transaction *t,
    const struct err *err)
{
	struct smtp_message *m = t->msg;
	size_t k;

	for (k = 0; k < t->nrcpts; k++)
		if (m->rcpts[t->rcpts[k]] != SMTP_RCPT_SETTLED)
			smtp_owe(m, t->rcpts[k]);
	smtp_settle_owed(r->s, t, m, r->feed, err);
}

/* Nothing came before it in this session: it goes by DATA, step by step. */
static bool
is_first(const struct smtp_run *r)
{
	return r->n == 1 && r->s->completed == 0;
}

/* As many transactions as there is room for: said, but for the first part of
 * one that has the session to itself. */
static int
push(struct smtp_run *r, struct err *err)
{
	struct smtp_wire *w = &r->s->wire;
	struct smtp_transaction *t;
	int ret;

	while (has_room(r) && begin(r)) {
		t = &r->flight[r->n - 1];
		if (r->n == 1 && smtp_wire_quiet(w, err) == -1)
			return -1;
		if (is_first(r))
			break;
		if (smtp_transaction_chunk(t, r->s, &ret, err)) {
			if (!r->feed->alive(r->feed->arg))
				return err_set(err, ERR_TEMP, "4.3.0", "nobody "
				    "is left to take note of the outcome");
			say_chunked(r, t);
		} else if (ret == -1) {
			unreadable(r, t, err);
			conclude(r, --r->n);
			continue;
		} else {
			if (r->n > 1)
				say_group(r, t);
			break;
		}
		if (w->out.n >= FLUSH_AT &&
		    smtp_wire_flush(w, SMTP_BODY, err) == -1)
			return -1;
	}
	return smtp_wire_flush(w, SMTP_BODY, err);
}

/* Before a reply that has not come: a message that comes first goes out. */
static int
await(struct smtp_run *r, enum smtp_phase phase, struct err *err)
{
	size_t before;

	while (has_room(r) && !r->dry && r->feed->fd != -1 &&
	    !smtp_wire_wait(&r->s->wire, phase, r->feed->fd)) {
		before = r->n;
		if (push(r, err) == -1)
			return -1;
		r->dry = r->n == before;
	}
	return 0;
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
		say_group(r, t);
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
	while (body.left > 0) {
		if (smtp_wire_stirs(w)) {
			ret = interrupted(r, err);
			goto out;
		}
		if (w->out.n >= FLUSH_AT &&
		    smtp_wire_flush(w, SMTP_BODY, err) == -1)
			goto out;
		if (smtp_body_read(&body, &w->out, err) == -1) {
			unreadable(r, t, err);
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
	/* The dot closes what is open there: no RSET for the next. */
	r->s->unfinished = false;
	if (push(r, err) == -1 || await(r, SMTP_DOT, err) == -1)
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
		if (await(r, smtp_transaction_phase(t, t->answered, &rcpt),
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
	conclude(r, k);
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
}

int
smtp_deliver(struct smtp_session *s, const struct smtp_feed *feed,
    struct smtp_end *end, struct err *err)
{
	struct smtp_run r = { .s = s, .feed = feed, .end = end };

	memset(end, 0, sizeof(*end));
	for (;;) {
		if (push(&r, err) == -1)
			break;
		if (r.n == 0)
			return 0;
		if (finish_first(&r, err) == -1)
			break;
		conclude(&r, 0);
		s->completed++;
		r.n--;
		memmove(r.flight, r.flight + 1, r.n * sizeof(*r.flight));
	}
	die(&r, err);
	return -1;
}

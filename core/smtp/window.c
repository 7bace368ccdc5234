/* SPDX-License-Identifier: ISC */
/*
 * Which transaction is said next, and when there is room for one.
 */
#include <stdio.h>

#include "core/base/clock.h"
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

void
smtp_conclude(struct smtp_run *r, size_t k)
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

	if (offers(r->s, SMTP_CAP_PIPELINING) && !r->s->one_by_one)
		most = offers(r->s, SMTP_CAP_CHUNKING) ? SMTP_WINDOW : 2;
	return r->n < most && (r->n == 0 || r->flight[r->n - 1].ended);
}

void
smtp_say_group(struct smtp_run *r, struct smtp_transaction *t)
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

void
smtp_tell_between(const struct smtp_run *r)
{
	bool any = false;

	for (size_t k = 0; k < r->n; k++)
		any = any || r->flight[k].dotted;
	if (r->feed->between != NULL)
		r->feed->between(r->feed->arg, any);
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
	smtp_tell_between(r);
}

void
smtp_unreadable(struct smtp_run *r, struct smtp_transaction *t,
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

int
smtp_push(struct smtp_run *r, struct err *err)
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
			smtp_unreadable(r, t, err);
			smtp_conclude(r, --r->n);
			continue;
		} else {
			if (r->n > 1)
				smtp_say_group(r, t);
			break;
		}
		if (w->out.n >= FLUSH_AT &&
		    smtp_wire_flush(w, SMTP_BODY, err) == -1)
			return -1;
	}
	return smtp_wire_flush(w, SMTP_BODY, err);
}

int
smtp_await(struct smtp_run *r, enum smtp_phase phase, struct err *err)
{
	size_t before;

	while (has_room(r) && !r->dry && r->feed->fd != -1 &&
	    !smtp_wire_wait(&r->s->wire, phase, r->feed->fd)) {
		before = r->n;
		if (smtp_push(r, err) == -1)
			return -1;
		r->dry = r->n == before;
	}
	return 0;
}

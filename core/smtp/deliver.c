/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/clock.h"
#include "core/smtp/body.h"
#include "core/smtp/deliver.h"

enum {
	FLUSH_AT = 32 * 1024,		/* bytes of body that make a write */
};

struct run {
	struct smtp_session	*s;
	const struct smtp_feed	*feed;
	struct smtp_message	*msg;		/* whose turn it is; NULL */
	struct smtp_transaction	 now;
	struct smtp_transaction	 next;		/* sent behind now's dot */
	struct smtp_end		*end;
};

static void
owe(struct smtp_message *m, size_t i)
{
	m->rcpts[i] = SMTP_RCPT_OWED;
	if (i < m->owed_from)
		m->owed_from = i;
}

static void
settle_reply(struct run *r, struct smtp_transaction *t, size_t i,
    enum outcome_verdict verdict)
{
	struct outcome o;

	smtp_outcome_reply(&o, verdict, &r->s->wire.reply);
	smtp_settle(r->s, t, t->msg, r->feed, i, &o);
}

/* Everyone in t who is in that state gets the last reply as the outcome. */
static void
settle_all(struct run *r, struct smtp_transaction *t,
    enum smtp_rcpt_state which, enum outcome_verdict verdict)
{
	size_t k;

	for (k = 0; k < t->nrcpts; k++)
		if (t->msg->rcpts[t->rcpts[k]] == which)
			settle_reply(r, t, t->rcpts[k], verdict);
}

/* The transaction is over; and with its last one, the message. */
static void
conclude(struct run *r, struct smtp_transaction *t)
{
	struct smtp_message *m = t->msg;

	smtp_transaction_free(t);
	if (m == NULL || m->open > 0)
		return;
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

/* The next transaction into *t; false when there is none now. */
static bool
begin(struct run *r, struct smtp_transaction *t)
{
	struct smtp_message *m;
	int64_t max = most_mails(r->s);

	for (;;) {
		if (max > 0 && r->s->mails >= max)
			r->s->over = true;
		if (r->s->over)
			return false;
		if (r->msg == NULL || !smtp_message_owes(r->msg))
			r->msg = r->feed->next(r->feed->arg);
		if (r->msg == NULL)
			return false;
		if (smtp_transaction_init(t, r->s, r->msg, r->feed))
			return true;
		m = r->msg;
		r->msg = NULL;
		if (m->open == 0)
			r->feed->done(r->feed->arg, m);
	}
}

static bool
pipelines(const struct smtp_session *s)
{
	return (s->caps.bits & SMTP_CAP_PIPELINING) != 0;
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
say_group(struct run *r, struct smtp_transaction *t)
{
	struct smtp_wire *w = &r->s->wire;
	size_t most = pipelines(r->s) ? SMTP_GROUP_COMMANDS : 1;
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

static int
wrong(struct run *r, enum smtp_phase phase, struct err *err)
{
	(void)smtp_wire_refuse(&r->s->wire, smtp_phases[phase].name, err);
	err->kind = ERR_PROTO;
	return err_ctx(err, "out of place");
}

/* 421 and 530 end the session, wherever they come. */
static int
ended(struct run *r, enum smtp_verdict v, struct err *err)
{
	if (v == SMTP_OVER)
		return smtp_wire_refuse(&r->s->wire,
		    "the relay ended the session", err);
	r->end->denied = true;
	r->s->phase = SMTP_AUTH;
	return smtp_wire_refuse(&r->s->wire,
	    "the relay wants authentication ([relay] user)", err);
}

static void
take_mail(struct run *r, struct smtp_transaction *t, enum smtp_verdict v)
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
			owe(m, t->rcpts[k]);
	} else {
		/* RFC 1870 6.1: the size that we announced is too much. */
		if (reply->code == 552 && reply->dsn[0] == '\0')
			memcpy(reply->dsn, "5.3.4", 6);
		settle_all(r, t, SMTP_RCPT_ASKED, v == SMTP_LATER ?
		    OUTCOME_DEFERRED : OUTCOME_FAILED);
	}
}

static void
take_rcpt(struct run *r, struct smtp_transaction *t, size_t k,
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
		owe(m, i);
	} else if (v == SMTP_BARE && t->dsn && !m->bare) {
		m->bare = true;
		owe(m, i);
	} else {
		settle_reply(r, t, i, v == SMTP_LATER || v == SMTP_FULL ?
		    OUTCOME_DEFERRED : OUTCOME_FAILED);
	}
}

static void
take_data(struct run *r, struct smtp_transaction *t, enum smtp_verdict v)
{
	if (v == SMTP_YES) {
		t->opened = true;
		t->opened_ms = clock_tick_ms();
		return;
	}
	settle_all(r, t, SMTP_RCPT_ACCEPTED, v == SMTP_LATER ?
	    OUTCOME_DEFERRED : OUTCOME_FAILED);
	t->accepted = 0;
}

/* One reply to one command of the envelope. */
static int
take_reply(struct run *r, struct smtp_transaction *t, struct err *err)
{
	size_t rcpt = 0;
	enum smtp_phase phase = smtp_transaction_phase(t, t->answered, &rcpt);
	enum smtp_verdict v;

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

/* The envelope, from wherever it stands to its last reply. */
static int
exchange(struct run *r, struct smtp_transaction *t, struct err *err)
{
	while (!is_said(t)) {
		if (smtp_wire_quiet(&r->s->wire, err) == -1)
			return -1;
		say_group(r, t);
		if (smtp_wire_flush(&r->s->wire, SMTP_MAIL, err) == -1)
			return -1;
		while (t->answered < t->sent)
			if (take_reply(r, t, err) == -1)
				return -1;
	}
	if (t->full && !t->full_lied && (r->s->rcpt_max == 0 ||
	    (int64_t)t->accepted < r->s->rcpt_max))
		r->s->rcpt_max = (int64_t)t->accepted;
	return 0;
}

/* The replies to what was sent behind the last dot, then the rest. */
static int
envelope(struct run *r, struct smtp_transaction *t, struct err *err)
{
	while (t->answered < t->sent)
		if (take_reply(r, t, err) == -1)
			return -1;
	return exchange(r, t, err);
}

/*
 * The server speaks before it has the whole message. A refusal is its last
 * word; the dot is never sent, and what is left of the message neither.
 */
static int
interrupted(struct run *r, struct err *err)
{
	struct smtp_transaction *t = &r->now;
	enum smtp_verdict v;

	if (smtp_wire_read(&r->s->wire, SMTP_BODY, err) == -1)
		return -1;
	v = smtp_judge(SMTP_DOT, &r->s->wire.reply);
	if (v == SMTP_LATER || v == SMTP_OVER)
		settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_DEFERRED);
	else if (v == SMTP_NO)
		settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_FAILED);
	return smtp_wire_refuse(&r->s->wire,
	    "the relay answered in the middle of the message", err);
}

/*
 * Our own file fails us: not the relay's fault, and no other relay can mend
 * it. Settled here for all recipients, so that nobody tries again at once.
 */
static void
unreadable(struct run *r, struct smtp_transaction *t, const struct err *err)
{
	struct smtp_message *m = t->msg;
	struct outcome o;
	size_t i;

	for (i = 0; i < m->job->env.nrcpts; i++) {
		if (m->rcpts[i] == SMTP_RCPT_SETTLED)
			continue;
		smtp_outcome_err(&o, OUTCOME_DEFERRED, err);
		smtp_settle(r->s, t, m, r->feed, i, &o);
	}
}

/* All of the message but what still waits in the wire's buffer. */
static int
send_body(struct run *r, struct smtp_transaction *t, struct err *err)
{
	struct smtp_wire *w = &r->s->wire;
	struct smtp_body body;
	int ret = -1;

	smtp_body_open(&body, t->msg->fd, t->msg->job->offset,
	    t->msg->job->size, t->msg->job->crc);
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

/* The verdict on the message. */
static int
take_dot(struct run *r, struct smtp_transaction *t, struct err *err)
{
	enum smtp_verdict v;

	if (smtp_wire_read(&r->s->wire, SMTP_DOT, err) == -1)
		return -1;
	r->s->unfinished = false;
	v = smtp_judge(SMTP_DOT, &r->s->wire.reply);
	switch (v) {
	case SMTP_YES:
		settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_SENT);
		return 0;
	case SMTP_LATER:
		settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_DEFERRED);
		return 0;
	case SMTP_OVER:
		settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_DEFERRED);
		return ended(r, v, err);
	case SMTP_DENIED:
		/* A complete refusal: it does not have the message. */
		t->dotted = false;
		return ended(r, v, err);
	case SMTP_WRONG:
		return wrong(r, SMTP_DOT, err);
	default:
		settle_all(r, t, SMTP_RCPT_ACCEPTED, OUTCOME_FAILED);
		return 0;
	}
}

/*
 * After 354: the message (or, where every recipient was refused, nothing),
 * the dot, and with them the next envelope; then the reply to the dot.
 */
static int
transfer(struct run *r, struct err *err)
{
	struct smtp_transaction *t = &r->now;
	struct smtp_wire *w = &r->s->wire;

	if (t->accepted > 0) {
		if (send_body(r, t, err) == -1)
			return -1;
	} else {
		buf_adds(&w->out, ".\r\n");
	}
	if (pipelines(r->s)) {
		/* The dot closes what is open there: no RSET for the next. */
		r->s->unfinished = false;
		if (begin(r, &r->next))
			say_group(r, &r->next);
	}
	if (smtp_wire_stirs(w))
		return interrupted(r, err);
	if (!r->feed->alive(r->feed->arg))
		return err_set(err, ERR_TEMP, "4.3.0",
		    "nobody is left to take note of the outcome");
	t->dotted = t->accepted > 0;
	if (smtp_wire_flush(w, SMTP_BODY, err) == -1)
		return -1;
	return take_dot(r, t, err);
}

/* The session has died over t: what is undecided is owed again, unless the
 * dot may have got out. */
static void
abandon(struct run *r, struct smtp_transaction *t, const struct err *err)
{
	struct smtp_message *m = t->msg;
	struct outcome o;
	size_t k, i;

	for (k = 0; m != NULL && k < t->nrcpts; k++) {
		i = t->rcpts[k];
		if (m->rcpts[i] == SMTP_RCPT_SETTLED)
			continue;
		if (t->dotted && m->rcpts[i] == SMTP_RCPT_ACCEPTED) {
			smtp_outcome_err(&o, OUTCOME_UNKNOWN, err);
			smtp_settle(r->s, t, m, r->feed, i, &o);
		} else {
			owe(m, i);
		}
	}
	conclude(r, t);
}

static void
die(struct run *r, const struct err *err)
{
	struct smtp_message *m = r->now.msg;
	bool begun = m != NULL && r->now.sent > 0 && !r->end->denied;

	r->s->over = true;
	/* Its last recipient may be settled here, and then it is gone. */
	if (begun && !r->now.dotted && m->open > 0)
		r->end->culprit = m;
	abandon(r, &r->now, err);
	abandon(r, &r->next, err);
}

int
smtp_deliver(struct smtp_session *s, const struct smtp_feed *feed,
    struct smtp_end *end, struct err *err)
{
	struct run r = { .s = s, .feed = feed, .end = end };

	memset(end, 0, sizeof(*end));
	for (;;) {
		if (r.now.msg == NULL && !begin(&r, &r.now))
			return 0;
		if (envelope(&r, &r.now, err) == -1)
			break;
		if (r.now.opened && transfer(&r, err) == -1)
			break;
		conclude(&r, &r.now);
		s->completed++;
		r.now = r.next;
		memset(&r.next, 0, sizeof(r.next));
	}
	die(&r, err);
	return -1;
}

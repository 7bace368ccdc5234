/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/smtp/body.h"
#include "core/smtp/command.h"
#include "core/smtp/transaction.h"

enum {
	COMMANDS_MAX = (SMTP_RCPTS_MAX + 2) * SMTP_COMMAND_MAX,	/* bytes */
	ORCPT_BYTES = 400,		/* "utf-8;" and the longest address */
};

/* Our own verdict on one recipient, before anything is said. */
static void
fail_one(struct smtp_session *s, struct smtp_message *m,
    const struct smtp_feed *feed, size_t i, const struct err *err)
{
	struct outcome o;

	smtp_outcome_err(&o, err->kind == ERR_PERM ? OUTCOME_FAILED :
	    OUTCOME_DEFERRED, err);
	smtp_settle(s, NULL, m, feed, i, &o);
}

/* In what the relay would not take the message as it is. */
static unsigned
needs_recoding(const struct smtp_session *s, const struct smtp_message *m)
{
	unsigned flags = m->job->env.flags, need = 0;

	if ((flags & (ENVELOPE_8BIT_BODY | ENVELOPE_8BIT_HEADER)) &&
	    (s->caps.bits & SMTP_CAP_8BITMIME) == 0)
		need |= MIME_7BIT;
	if ((flags & ENVELOPE_LONG_LINES) &&
	    !s->setup->relay->long_lines_keep)
		need |= MIME_LINES;
	return need;
}

/* What no transaction with this relay can change: false, and all settled. */
static bool
fits_relay(struct smtp_session *s, struct smtp_message *m,
    const struct smtp_feed *feed)
{
	unsigned need = needs_recoding(s, m);
	struct err err = { 0 };

	if (smtp_message_plan(m, need, &err) == -1) {
		smtp_settle_owed(s, NULL, m, feed, &err);
		return false;
	}
	if (s->caps.size_max > 0 && m->size > s->caps.size_max) {
		(void)err_set(&err, ERR_PERM, "5.3.4", "message of %" PRId64
		    " bytes is over the relay's limit of %" PRId64,
		    m->size, s->caps.size_max);
		smtp_settle_owed(s, NULL, m, feed, &err);
		return false;
	}
	return true;
}

static size_t
most_rcpts(const struct smtp_session *s)
{
	int64_t max = s->setup->relay->recipients_per_transaction;

	if (max <= 0 || max > SMTP_RCPTS_MAX)
		max = SMTP_RCPTS_MAX;
	if (s->caps.rcpt_max > 0 && s->caps.rcpt_max < max)
		max = s->caps.rcpt_max;
	if (s->rcpt_max > 0 && s->rcpt_max < max)
		max = s->rcpt_max;
	return (size_t)max;
}

/* Ends one command that was added to t->commands. */
static void
end_command(struct smtp_transaction *t)
{
	t->ends[t->ncommands++] = t->commands.n;
}

static bool
is_ascii(const char *s)
{
	return text_is_ascii(s, strlen(s));
}

/* Does something in this transaction need SMTPUTF8 (RFC 6531 3.2)? */
static bool
wants_utf8(const struct smtp_transaction *t, const char *sender)
{
	const struct envelope *env = &t->msg->job->env;
	size_t k;

	if ((env->flags & ENVELOPE_SMTPUTF8) &&
	    (env->flags & ENVELOPE_8BIT_HEADER))
		return true;
	/* A domain alone goes as A-labels, through any relay. */
	if (addr_utf8_local(sender))
		return true;
	for (k = 0; k < t->nrcpts; k++)
		if (addr_utf8_local(env->rcpts[t->rcpts[k]].addr))
			return true;
	return false;
}

/* The owed recipients that go under the first one's sender. */
static void
choose_rcpts(struct smtp_transaction *t, size_t max, const char *sender)
{
	struct smtp_message *m = t->msg;
	const struct envelope *env = &m->job->env;
	size_t i, n = m->open < max ? m->open : max;

	t->rcpts = mem_array(NULL, n, sizeof(*t->rcpts));
	for (i = m->owed_from; i < env->nrcpts && t->nrcpts < n; i++)
		if (m->rcpts[i] == SMTP_RCPT_OWED &&
		    strcmp(envelope_sender(env, i), sender) == 0)
			t->rcpts[t->nrcpts++] = i;
}

static int
add_mail(struct smtp_transaction *t, const struct smtp_session *s,
    const char *sender, bool utf8, struct err *err)
{
	const struct envelope *env = &t->msg->job->env;
	struct smtp_mail p = { .sender = sender, .size = -1, .utf8 = utf8 };

	/* fits_relay has seen that the relay takes what the body needs. */
	p.body_8bit = (s->caps.bits & SMTP_CAP_8BITMIME) != 0 &&
	    (utf8 || (env->flags &
	    (ENVELOPE_8BIT_BODY | ENVELOPE_8BIT_HEADER)) != 0);
	if (!t->msg->bare && (s->caps.bits & SMTP_CAP_SIZE)) {
		p.size = t->msg->size;
		t->optional = true;
	}
	if (t->dsn) {
		p.ret = env->ret;
		p.envid = env->envid;
		t->optional = true;
	}
	return smtp_command_mail(&t->commands, &p, err);
}

/* ORCPT goes to every relay that offers DSN (RFC 3461 5.2.1). */
static const char *
orcpt_of(const struct envelope_rcpt *r, char *out, size_t size)
{
	const char *addr = r->orig != NULL ? r->orig : r->addr;

	if (r->orcpt != NULL)
		return r->orcpt;
	(void)snprintf(out, size, "%s;%s", is_ascii(addr) ? "rfc822" : "utf-8",
	    addr);
	return out;
}

/* The RCPTs; a recipient who cannot be said is settled and left out. */
static void
add_rcpts(struct smtp_transaction *t, struct smtp_session *s,
    const struct smtp_feed *feed, bool utf8)
{
	const struct envelope *env = &t->msg->job->env;
	char orcpt[ORCPT_BYTES];
	size_t k, kept = 0;

	for (k = 0; k < t->nrcpts; k++) {
		size_t i = t->rcpts[k];
		const struct envelope_rcpt *r = &env->rcpts[i];
		struct smtp_rcpt p = { .addr = r->addr, .utf8 = utf8 };
		struct err err = { 0 };

		if (t->dsn) {
			p.notify = r->notify;
			p.orcpt = orcpt_of(r, orcpt, sizeof(orcpt));
		}
		if (smtp_command_rcpt(&t->commands, &p, &err) == -1) {
			fail_one(s, t->msg, feed, i, &err);
			continue;
		}
		end_command(t);
		t->msg->rcpts[i] = SMTP_RCPT_ASKED;
		t->rcpts[kept++] = i;
	}
	t->nrcpts = kept;
}

/* MAIL could not be said: nobody can get the message under this sender. */
static void
fail_sender(struct smtp_session *s, struct smtp_transaction *t,
    const struct smtp_feed *feed, const struct err *err)
{
	size_t k;

	for (k = 0; k < t->nrcpts; k++)
		fail_one(s, t->msg, feed, t->rcpts[k], err);
}

/* False when all recipients of this one are settled; the message may owe
 * others. */
static bool
build(struct smtp_transaction *t, struct smtp_session *s,
    const struct smtp_feed *feed)
{
	struct smtp_message *m = t->msg;
	const char *sender = envelope_sender(&m->job->env, m->owed_from);
	struct err err = { 0 };
	bool utf8;

	buf_init(&t->commands, COMMANDS_MAX + SMTP_CHUNK_MAX);
	choose_rcpts(t, most_rcpts(s), sender);
	t->ends = mem_array(NULL, t->nrcpts + 3, sizeof(*t->ends));
	t->dsn = !m->bare && (s->caps.bits & SMTP_CAP_DSN) != 0;
	t->reset = s->unfinished;
	utf8 = (s->caps.bits & SMTP_CAP_SMTPUTF8) != 0 &&
	    wants_utf8(t, sender);
	if (t->reset) {
		buf_adds(&t->commands, "RSET\r\n");
		end_command(t);
	}
	if (add_mail(t, s, sender, utf8, &err) == -1) {
		fail_sender(s, t, feed, &err);
		return false;
	}
	end_command(t);
	add_rcpts(t, s, feed, utf8);
	buf_adds(&t->commands, "DATA\r\n");
	end_command(t);
	assert(!t->commands.over);
	return t->nrcpts > 0;
}

bool
smtp_transaction_init(struct smtp_transaction *t, struct smtp_session *s,
    struct smtp_message *m, const struct smtp_feed *feed)
{
	memset(t, 0, sizeof(*t));
	if (!smtp_message_owes(m) || !fits_relay(s, m, feed))
		return false;
	while (smtp_message_owes(m)) {
		t->msg = m;
		if (build(t, s, feed)) {
			t->connect_ms = s->connect_ms;
			s->connect_ms = 0;
			s->mails++;
			return true;
		}
		smtp_transaction_free(t);
	}
	return false;
}

void
smtp_transaction_free(struct smtp_transaction *t)
{
	mem_free(t->rcpts);
	mem_free(t->ends);
	buf_free(&t->commands);
	memset(t, 0, sizeof(*t));
}

/* commands: [0..keep) the envelope, DATA, [start..) the message. */
static void
put_bdat(struct smtp_transaction *t, size_t keep, size_t start)
{
	struct buf all;

	buf_init(&all, COMMANDS_MAX + SMTP_CHUNK_MAX);
	buf_reserve(&all, t->commands.n + 32);
	buf_add(&all, t->commands.p, keep);
	buf_addf(&all, "BDAT %zu LAST\r\n", t->commands.n - start);
	buf_add(&all, t->commands.p + start, t->commands.n - start);
	buf_free(&t->commands);
	t->commands = all;
	t->ends[t->ncommands - 1] = all.n;
}

bool
smtp_transaction_chunk(struct smtp_transaction *t,
    const struct smtp_session *s, int *ret, struct err *err)
{
	const unsigned need = SMTP_CAP_CHUNKING | SMTP_CAP_PIPELINING;
	const struct smtp_message *m = t->msg;
	struct smtp_body body;
	size_t keep = t->ends[t->ncommands - 2], start = t->commands.n;
	bool fit;

	*ret = 0;
	if ((s->caps.bits & need) != need || m->size < 2 ||
	    m->size > SMTP_CHUNK_MAX || t->nrcpts > SMTP_CHUNK_RCPTS_MAX)
		return false;
	smtp_body_open(&body, m->fd, m->job, m->mime);
	while (smtp_body_more(&body) && *ret == 0)
		*ret = smtp_body_read_raw(&body, &t->commands, err);
	smtp_body_close(&body);
	/* Nothing is added to a BDAT, so it must end as a message does. */
	fit = *ret == 0 && memcmp(t->commands.p + t->commands.n - 2, "\r\n",
	    2) == 0;
	if (fit) {
		put_bdat(t, keep, start);
		t->chunked = true;
	} else {
		buf_cut(&t->commands, start);
	}
	return fit;
}

enum smtp_phase
smtp_transaction_phase(const struct smtp_transaction *t, size_t k,
    size_t *rcpt)
{
	if (t->reset) {
		if (k == 0)
			return SMTP_RSET;
		k--;
	}
	if (k == 0)
		return SMTP_MAIL;
	if (k > t->nrcpts)
		return t->chunked ? SMTP_DOT : SMTP_DATA;
	*rcpt = k - 1;
	return SMTP_RCPT;
}

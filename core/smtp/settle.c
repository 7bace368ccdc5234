/* SPDX-License-Identifier: ISC */
/*
 * A message's recipients, and what each of them is told.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/smtp/body.h"
#include "core/smtp/transaction.h"

void
smtp_message_init(struct smtp_message *m, const struct job *job, int fd)
{
	memset(m, 0, sizeof(*m));
	m->job = job;
	m->fd = fd;
	m->rcpts = mem_zero(job->env.nrcpts + 1);
	m->open = job->env.nrcpts;
	m->size = job->size;
}

static void
forget_plan(struct smtp_message *m)
{
	if (m->mime == NULL)
		return;
	mime_free(m->mime);
	mem_free(m->mime);
	m->mime = NULL;
}

void
smtp_message_free(struct smtp_message *m)
{
	mem_free(m->rcpts);
	forget_plan(m);
	memset(m, 0, sizeof(*m));
	m->fd = -1;
}

bool
smtp_message_owes(struct smtp_message *m)
{
	size_t n = m->job->env.nrcpts;

	while (m->owed_from < n && m->rcpts[m->owed_from] != SMTP_RCPT_OWED)
		m->owed_from++;
	return m->owed_from < n;
}

int
smtp_message_plan(struct smtp_message *m, unsigned need, struct err *err)
{
	if (need == m->need)
		return 0;
	forget_plan(m);
	/* A failed plan is made anew: another relay may need less. */
	m->need = 0;
	if (smtp_body_plan(m->fd, m->job, need, &m->mime, &m->size, err) == -1)
		return -1;
	m->need = need;
	return 0;
}

void
smtp_outcome_reply(struct outcome *o, enum outcome_verdict verdict,
    const struct smtp_reply *r)
{
	struct buf b;

	memset(o, 0, sizeof(*o));
	o->verdict = verdict;
	o->code = r->code;
	(void)snprintf(o->dsn, sizeof(o->dsn), "%s", r->dsn);
	buf_init(&b, OUTCOME_TEXT_MAX);
	smtp_reply_show(r, &b, OUTCOME_TEXT_MAX - 1);
	(void)snprintf(o->text, sizeof(o->text), "%s", buf_str(&b));
	buf_free(&b);
}

void
smtp_outcome_err(struct outcome *o, enum outcome_verdict verdict,
    const struct err *err)
{
	memset(o, 0, sizeof(*o));
	o->verdict = verdict;
	(void)snprintf(o->dsn, sizeof(o->dsn), "%s", err->dsn);
	(void)snprintf(o->text, sizeof(o->text), "%s", err->text);
}

static int32_t
as_delay(int64_t ms)
{
	return ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
}

void
smtp_settle(struct smtp_session *s, const struct smtp_transaction *t,
    struct smtp_message *m, const struct smtp_feed *feed, size_t i,
    struct outcome *o)
{
	int64_t now = clock_tick_ms();

	assert(m->rcpts[i] != SMTP_RCPT_SETTLED && m->open > 0);
	if (s != NULL) {
		(void)snprintf(o->relay, sizeof(o->relay), "%s", s->name);
		s->settled++;
	}
	if (t != NULL) {
		o->dsn_passed = t->dsn && o->verdict == OUTCOME_SENT;
		o->delay_ms[0] = as_delay(t->connect_ms);
		if (t->begun_ms != 0)
			o->delay_ms[1] = as_delay((t->opened_ms != 0 ?
			    t->opened_ms : now) - t->begun_ms);
		if (t->opened_ms != 0)
			o->delay_ms[2] = as_delay(now - t->opened_ms);
	}
	outcome_fix_dsn(o);
	m->rcpts[i] = SMTP_RCPT_SETTLED;
	m->open--;
	if (o->verdict == OUTCOME_FAILED && o->code != 0)
		m->refused = true;
	feed->outcome(feed->arg, m, i, o);
}

void
smtp_settle_owed(struct smtp_session *s, const struct smtp_transaction *t,
    struct smtp_message *m, const struct smtp_feed *feed,
    const struct err *err)
{
	struct outcome o;
	size_t i;

	for (i = 0; i < m->job->env.nrcpts; i++) {
		if (m->rcpts[i] != SMTP_RCPT_OWED)
			continue;
		smtp_outcome_err(&o, err->kind == ERR_PERM ? OUTCOME_FAILED :
		    OUTCOME_DEFERRED, err);
		smtp_settle(s, t, m, feed, i, &o);
	}
}

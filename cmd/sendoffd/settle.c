/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/rand.h"

#include "cmd/sendoffd/history.h"
#include "cmd/sendoffd/report.h"
#include "cmd/sendoffd/settle.h"

static enum outcome_verdict
verdict(const struct attempt *a, size_t i)
{
	return a->got[i] != NULL ? a->got[i]->verdict : OUTCOME_NONE;
}

static const struct outcome *
last_outcome(const struct attempt *a, size_t i)
{
	return a->got[i] != NULL ? a->got[i] : &a->msg->rcpts[i].last;
}

static bool
is_failed(const struct attempt *a, size_t i)
{
	return a->msg->rcpts[i].state == QUEUE_RCPT_FAILED ||
	    (a->msg->rcpts[i].state == QUEUE_RCPT_OWED &&
	    (verdict(a, i) == OUTCOME_FAILED ||
	    verdict(a, i) == OUTCOME_EXPIRED));
}

/* Nothing is owed to it any more, once the reports are out. */
static bool
is_over(const struct attempt *a, size_t i)
{
	return a->msg->rcpts[i].state != QUEUE_RCPT_OWED ||
	    verdict(a, i) == OUTCOME_SENT || is_failed(a, i);
}

static bool
all_over(const struct attempt *a)
{
	for (size_t i = 0; i < a->ngot; i++)
		if (!is_over(a, i))
			return false;
	return true;
}

static bool
any_sent(const struct attempt *a)
{
	for (size_t i = 0; i < a->ngot; i++)
		if (verdict(a, i) == OUTCOME_SENT)
			return true;
	return false;
}

/* Is a report due about it (RFC 3461 4.1, 5.2)? */
static bool
report_due(const struct attempt *a, size_t i, enum dsn_action *action)
{
	const struct envelope *env = &a->msg->env;
	unsigned notify = env->rcpts[i].notify;
	bool ours = (env->flags & ENVELOPE_REPORT) != 0;
	struct schedule_conf c = site_schedule(a->site, env);

	if (is_failed(a, i)) {
		*action = DSN_FAILED;
		return ours || notify == 0 || (notify & NOTIFY_FAILURE) != 0;
	}
	if (site_is_report(a->site, env))
		return false;
	/* Also of a pass that ended before it could report. */
	if (a->msg->rcpts[i].state == QUEUE_RCPT_SENT ||
	    verdict(a, i) == OUTCOME_SENT) {
		*action = DSN_RELAYED;
		return (notify & NOTIFY_SUCCESS) != 0 &&
		    !a->msg->rcpts[i].told && !last_outcome(a, i)->dsn_passed;
	}
	*action = DSN_DELAYED;
	return a->got[i] != NULL && !is_over(a, i) &&
	    !a->msg->rcpts[i].warned &&
	    (notify == 0 || (notify & NOTIFY_DELAY) != 0) &&
	    schedule_warn_due(&c, env->arrival_us / 1000000,
	    clock_wall_sec());
}

/* What the journal does not have yet. */
static int
record_outcomes(struct attempt *a, struct err *err)
{
	int64_t now_sec = clock_wall_sec();

	for (size_t i = 0; i < a->ngot; i++)
		if (a->got[i] != NULL &&
		    a->msg->rcpts[i].state == QUEUE_RCPT_OWED &&
		    queue_record_outcome(a->msg, i, a->got[i], now_sec,
		    err) == -1)
			return -1;
	return 0;
}

static void
fill_dsn(struct attempt *a, size_t i, enum dsn_action action,
    struct dsn_rcpt *d)
{
	const struct queue_rcpt *r = &a->msg->rcpts[i];
	struct schedule_conf c = site_schedule(a->site, &a->msg->env);

	*d = (struct dsn_rcpt){
		.rcpt = &a->msg->env.rcpts[i],
		.outcome = last_outcome(a, i),
		.action = action,
		.last_sec = r->last_sec != 0 ? r->last_sec : clock_wall_sec(),
	};
	if (action == DSN_DELAYED)
		d->retry_until_sec = a->msg->env.arrival_us / 1000000 +
		    c.lifetime_sec;
}

/* Everything that this sender is to hear of this pass, from i on. */
static enum report_result
report_group(struct attempt *a, size_t first, struct err *err)
{
	const char *sender = envelope_sender(&a->msg->env, first);
	size_t *which = mem_array(NULL, a->ngot, sizeof(*which));
	struct dsn_rcpt *dsns = mem_array(NULL, a->ngot, sizeof(*dsns));
	enum report_result result;
	enum dsn_action action;
	size_t n = 0, i;

	for (i = first; i < a->ngot; i++) {
		if (!report_due(a, i, &action) || strcmp(sender,
		    envelope_sender(&a->msg->env, i)) != 0)
			continue;
		fill_dsn(a, i, action, &dsns[n]);
		which[n++] = i;
	}
	result = report_send(a, sender, dsns, n, err);
	for (i = 0; i < n && result == REPORT_MADE; i++)
		if ((dsns[i].action == DSN_DELAYED ?
		    queue_record_warned(a->msg, which[i], err) :
		    queue_record_told(a->msg, which[i], err)) == -1)
			result = REPORT_FAILED;
	mem_free(dsns);
	mem_free(which);
	return result;
}

/* One of the same sender's before it is due still: they wait together. */
static bool
is_put_off(const struct attempt *a, size_t i)
{
	const char *sender = envelope_sender(&a->msg->env, i);
	enum dsn_action action;

	for (size_t j = 0; j < i; j++)
		if (report_due(a, j, &action) && strcmp(sender,
		    envelope_sender(&a->msg->env, j)) == 0)
			return true;
	return false;
}

/* What is told later keeps its state. */
static enum report_result
report_all(struct attempt *a, bool *told, struct err *err)
{
	enum report_result all = REPORT_MADE, one;
	enum dsn_action action;

	for (size_t i = 0; i < a->ngot; i++) {
		if (report_due(a, i, &action)) {
			if (all == REPORT_LATER && is_put_off(a, i))
				continue;
			*told = true;
			one = report_group(a, i, err);
			if (one == REPORT_FAILED)
				return one;
			if (one == REPORT_LATER)
				all = one;
		} else if (is_failed(a, i)) {
			/* nobody wants to hear of it */
			if (queue_record_told(a->msg, i, err) == -1)
				return REPORT_FAILED;
		}
	}
	return all;
}

static bool
needs_lines(const struct attempt *a)
{
	enum dsn_action action;

	for (size_t i = 0; i < a->ngot; i++)
		if (!is_over(a, i) || is_failed(a, i) ||
		    report_due(a, i, &action))
			return true;
	return false;
}

/* A worker could not read the message: is it damaged? Then it is put aside;
 * true if so. */
static bool
condemn_damaged(struct attempt *a)
{
	struct err why = { 0 }, err = { 0 };
	char id[ID_SIZE];
	bool suspect = false;

	for (size_t i = 0; i < a->ngot; i++)
		suspect = suspect || (a->got[i] != NULL &&
		    a->got[i]->code == 0 &&
		    strncmp(a->got[i]->dsn, "4.3.", 4) == 0);
	if (!suspect || queue_msg_verify(a->msg, &why) == 0 ||
	    why.kind != ERR_DATA)
		return false;
	memcpy(id, a->msg->env.id, sizeof(id));
	if (queue_condemn(a->msg, &err) == -1)
		log_error("%s: %s", why.text, err.text);
	else
		log_error("%s: moved to corrupt/", why.text);
	a->msg = NULL;
	return true;
}

static enum settle_result
finish(struct attempt *a)
{
	struct runner *r = a->runner;
	struct err err = { 0 };
	char id[ID_SIZE];
	int ret;

	memcpy(id, a->msg->env.id, sizeof(id));
	history_add(a);
	ret = queue_finish(a->msg, &err);
	a->msg = NULL;
	if (ret == -1) {
		log_error("%s", err.text);
		return SETTLE_UNREMOVED;
	}
	log_mail("qmgr", "%s: removed", id);
	if (r->sync_tick == INT64_MAX)
		r->sync_tick = clock_tick_ms() + RUNNER_SYNC_MS;
	return SETTLE_GONE;
}

/* The message stays: an attempt that was made is counted. */
static int
reschedule(struct attempt *a, struct settled *s, struct err *err)
{
	struct schedule_conf c = site_schedule(a->site, &a->msg->env);
	int64_t now_sec = clock_wall_sec();

	*s = (struct settled){ .untried = a->nexplained > 0 };
	for (size_t i = 0; i < a->ngot; i++)
		s->untried = s->untried ||
		    (!is_over(a, i) && a->got[i] == NULL);
	if (!a->charged)
		return 0;
	s->next_sec = schedule_next(&c, a->msg->attempts + 1, now_sec,
	    rand_u32());
	return queue_record_attempt(a->msg, a->msg->attempts + 1, now_sec,
	    s->next_sec, err);
}

/* All is over but for the reports. */
static int
put_off(struct attempt *a, struct settled *s, struct err *err)
{
	*s = (struct settled){ .next_sec = clock_wall_sec() +
	    REPORT_LATER_SEC + rand_u32() % REPORT_LATER_SEC };
	return queue_record_due(a->msg, s->next_sec, err);
}

static enum settle_result
stuck(const struct err *err)
{
	log_error("%s; it is kept in hand until it can be recorded",
	    err->text);
	return SETTLE_STUCK;
}

enum settle_result
settle(struct attempt *a, struct settled *s)
{
	struct err err = { 0 };
	enum report_result reports = REPORT_MADE;
	bool told = false;

	if (condemn_damaged(a))
		return SETTLE_GONE;
	if (needs_lines(a)) {
		if (record_outcomes(a, &err) == 0)
			reports = report_all(a, &told, &err);
		else
			reports = REPORT_FAILED;
	}
	if (reports == REPORT_FAILED)
		return stuck(&err);
	if (all_over(a) && reports == REPORT_MADE)
		return finish(a);
	if ((all_over(a) ? put_off(a, s, &err) : reschedule(a, s, &err)) == -1)
		return stuck(&err);
	/* Who was served, or told, must not be served or told again. */
	if ((told || any_sent(a)) && queue_record_sync(a->msg, &err) == -1)
		return stuck(&err);
	return SETTLE_STAYS;
}

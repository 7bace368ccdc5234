/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/mail/job.h"

#include "cmd/sendoffd/attempt.h"
#include "cmd/sendoffd/attempt_part.h"
#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/maillog.h"
#include "cmd/sendoffd/place.h"
#include "cmd/sendoffd/settle.h"
#include "cmd/sendoffd/tally.h"

enum {
	SPINS_MAX = 6,
};

void
attempt_free(struct attempt *a)
{
	for (size_t i = 0; i < a->nparts; i++)
		mem_free(a->parts[i].rcpts);
	mem_free(a->parts);
	for (size_t i = 0; i < a->ngot; i++)
		mem_free(a->got[i]);
	mem_free(a->got);
	site_drop(a->site);
	a->runner->nattempts--;
	mem_free(a);
}

static void
append_part(struct part *part)
{
	struct lane *lane = part->lane;

	part->next = NULL;
	if (lane->last != NULL)
		lane->last->next = part;
	else
		lane->first = part;
	lane->last = part;
	lane->nparts++;
}

struct part *
attempt_take_part(struct lane *lane)
{
	struct part *part = lane->first;

	if (part == NULL)
		return NULL;
	lane->first = part->next;
	if (lane->first == NULL)
		lane->last = NULL;
	lane->nparts--;
	part->next = NULL;
	return part;
}

/* The part for that lane and sender, made if there is none. */
static struct part *
find_part(struct attempt *a, struct lane *lane, char *sender)
{
	struct part *part;

	for (size_t i = 0; i < a->nparts; i++) {
		part = &a->parts[i];
		if (part->lane == lane && strcmp(part->sender, sender) == 0)
			return part;
	}
	a->parts = mem_array(a->parts, a->nparts + 1, sizeof(*a->parts));
	part = &a->parts[a->nparts++];
	*part = (struct part){ .attempt = a, .lane = lane, .sender = sender };
	return part;
}

static bool
is_usable(const struct lane *lane)
{
	return !relay_is_down(&lane->relay) ||
	    relay_open(&lane->relay, clock_tick_ms());
}

static void
make_parts(struct attempt *a)
{
	struct envelope *env = &a->msg->env;
	struct lane *lane;
	struct part *part;

	for (size_t i = 0; i < env->nrcpts; i++) {
		a->nunsent += a->msg->rcpts[i].state == QUEUE_RCPT_OWED ||
		    a->msg->rcpts[i].state == QUEUE_RCPT_FAILED;
		if (a->msg->rcpts[i].state != QUEUE_RCPT_OWED)
			continue;
		lane = site_lane(a->site, env, i);
		if (!is_usable(lane))
			continue;
		part = find_part(a, lane, env->rcpts[i].sender != NULL ?
		    env->rcpts[i].sender : env->sender);
		if ((part->n & (part->n - 1)) == 0)
			part->rcpts = mem_array(part->rcpts,
			    part->n != 0 ? 2 * part->n : 1,
			    sizeof(*part->rcpts));
		part->rcpts[part->n++] = (uint32_t)i;
	}
	a->nopen = a->nparts;
}

static void
log_active(const struct attempt *a)
{
	struct buf line;

	buf_init(&line, LOG_LINE_MAX);
	maillog_active(&line, &a->msg->env, a->msg->size);
	log_mail("qmgr", "%s", buf_str(&line));
	buf_free(&line);
}

/* In the log, and counted. */
static void
tell_rcpt(const struct attempt *a, size_t i)
{
	struct buf line;

	buf_init(&line, 2 * LOG_LINE_MAX);
	maillog_rcpt(&line, &a->msg->env, i, a->got[i],
	    a->nparts > 0 ? a->taken_us : 0, clock_wall_us());
	log_mail("smtp", "%s", buf_str(&line));
	buf_free(&line);
	tally_rcpt(a->runner, &site_lane(a->site, &a->msg->env, i)->relay,
	    a->got[i]->verdict);
}

/* Is the message over its lifetime, so that this try was its last? */
static bool
is_over(const struct attempt *a, int64_t last_sec)
{
	struct schedule_conf c = site_schedule(a->site, &a->msg->env);

	return schedule_expired(&c, a->msg->env.arrival_us / 1000000,
	    last_sec, clock_wall_sec());
}

static void
keep(struct attempt *a, size_t i, const struct outcome *o)
{
	a->got[i] = mem_dup(o, sizeof(*o));
}

static void
expire(struct outcome *o)
{
	o->verdict = OUTCOME_EXPIRED;
	memcpy(o->dsn, "4.4.7", sizeof("4.4.7"));
}

/*
 * What nobody tried, since its relay is down, waits for the reason that the
 * relay has; or ends with it, if a probe failed after the message's time.
 */
static void
explain_untried(struct attempt *a)
{
	const struct queue_rcpt *r;
	const struct relay *relay;
	struct outcome o;
	int64_t failed_sec;

	for (size_t i = 0; i < a->ngot; i++) {
		r = &a->msg->rcpts[i];
		if (a->got[i] != NULL || r->state != QUEUE_RCPT_OWED)
			continue;
		relay = &site_lane(a->site, &a->msg->env, i)->relay;
		if (!relay_is_down(relay) || relay->why_number == 0)
			continue;
		failed_sec = relay->state == RELAY_NONE ? clock_wall_sec() :
		    relay->failed_sec;
		o = relay->why;
		if (is_over(a, failed_sec)) {
			expire(&o);
		} else {
			a->nexplained++;
			if (strcmp(o.text, r->last.text) == 0 &&
			    r->last.verdict == OUTCOME_DEFERRED)
				continue;
		}
		keep(a, i, &o);
		tell_rcpt(a, i);
	}
}

/* Was somebody not tried whose relay is not down? A worker let him out, and
 * must not be asked again and again at once. */
static bool
was_skipped(const struct attempt *a)
{
	/* A reload took the relay away: that is nobody's fault. */
	if (a->site != a->runner->site)
		return false;
	for (size_t i = 0; i < a->ngot; i++)
		if (a->got[i] == NULL &&
		    a->msg->rcpts[i].state == QUEUE_RCPT_OWED &&
		    !relay_is_down(&site_lane(a->site, &a->msg->env,
		    i)->relay))
			return true;
	return false;
}

/* Where the entry goes whose message stays. */
static void
put_back(struct attempt *a, const struct settled *s)
{
	struct runner *r = a->runner;
	struct backlog_entry *e = a->entry;

	if (s->next_sec != 0 && !s->untried) {
		e->spins = 0;
		if (a->charged && r->flushes != a->charged_flush)
			/* whoever flushed had read that it was deferred */
			place_again(r, e);
		else
			place_wait(r, e, s->next_sec);
	} else if (!r->stopping && was_skipped(a) && e->spins++ > 0) {
		if (e->spins > SPINS_MAX)
			e->spins = SPINS_MAX;
		place_later(r, e, (int64_t)RUNNER_SPIN_MS << e->spins);
	} else {
		e->any_time = s->next_sec != 0;
		place_ready(r, e, a->msg);
	}
	queue_release(a->msg);
	a->msg = NULL;
}

void
attempt_finish(struct attempt *a)
{
	struct settled s;
	struct runner *r = a->runner;
	struct backlog_entry *e = a->entry;

	explain_untried(a);
	switch (settle(a, &s)) {
	case SETTLE_STUCK:
		attempt_park(a);
		return;
	case SETTLE_GONE:
		place_gone(r, e);
		break;
	case SETTLE_UNREMOVED:
		e->over = true;
		place_later(r, e, RUNNER_AGAIN_MS);
		break;
	case SETTLE_STAYS:
		put_back(a, &s);
		break;
	}
	attempt_free(a);
}

void
attempt_start(struct runner *r, struct backlog_entry *e,
    struct queue_msg *msg)
{
	struct attempt *a = mem_zero(sizeof(*a));

	a->runner = r;
	a->site = site_hold(r->site);
	a->entry = e;
	e->any_time = false;
	a->msg = msg;
	a->taken_us = clock_wall_us();
	a->ngot = msg->env.nrcpts;
	a->got = mem_zero(a->ngot * sizeof(*a->got));
	r->nattempts++;
	make_parts(a);
	if (a->nparts == 0) {
		attempt_finish(a);
		return;
	}
	log_active(a);
	for (size_t i = 0; i < a->nparts; i++)
		append_part(&a->parts[i]);
}

int
attempt_give(struct part *part, struct worker *w, int64_t tick,
    struct err *err)
{
	const struct queue_msg *msg = part->attempt->msg;
	struct job job = { .offset = msg->offset, .size = msg->size,
	    .crc = msg->crc, .env = msg->env, .index = part->rcpts };
	size_t i;
	int ret;

	/* Everything is borrowed but the array itself. */
	job.env.sender = part->sender;
	job.env.nrcpts = part->n;
	job.env.rcpts = mem_array(NULL, part->n, sizeof(*job.env.rcpts));
	for (i = 0; i < part->n; i++) {
		job.env.rcpts[i] = msg->env.rcpts[part->rcpts[i]];
		job.env.rcpts[i].sender = NULL;
	}
	ret = worker_give(w, part, &job, msg->fd, tick, err);
	mem_free(job.env.rcpts);
	if (ret == -1) {
		struct lane *lane = part->lane;

		part->next = lane->first;
		lane->first = part;
		if (lane->last == NULL)
			lane->last = part;
		lane->nparts++;
		return -1;
	}
	part->state = PART_OUT;
	return 0;
}

/* Is recipient i one of the part's? */
static bool
has_rcpt(const struct part *part, uint32_t rcpt)
{
	size_t low = 0, high = part->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (part->rcpts[mid] == rcpt)
			return true;
		if (part->rcpts[mid] < rcpt)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static void
take_outcome(struct attempt *a, uint32_t i, const struct outcome *from)
{
	struct outcome o = *from;
	struct err err = { 0 };
	int64_t now_sec = clock_wall_sec();

	if ((o.verdict == OUTCOME_DEFERRED || o.verdict == OUTCOME_UNKNOWN) &&
	    is_over(a, now_sec))
		expire(&o);
	outcome_fix_dsn(&o);
	keep(a, i, &o);
	tell_rcpt(a, i);
	if (o.verdict == OUTCOME_DEFERRED || o.verdict == OUTCOME_UNKNOWN) {
		if (!a->charged)
			a->charged_flush = a->runner->flushes;
		a->charged = true;
	}
	if (o.verdict != OUTCOME_SENT || --a->nunsent == 0)
		return;
	/* If this fails the attempt is stuck when it is settled. */
	if (queue_record_outcome(a->msg, i, &o, now_sec, &err) == -1)
		log_error("%s", err.text);
}

bool
attempt_rcpt(struct part *part, uint32_t rcpt, const struct outcome *o)
{
	struct attempt *a = part->attempt;

	if (!has_rcpt(part, rcpt) || a->got[rcpt] != NULL)
		return false;
	if (o->verdict == OUTCOME_EXPIRED)
		return false;
	if (o->verdict != OUTCOME_NONE)
		take_outcome(a, rcpt, o);
	return true;
}

void
attempt_over(struct part *part, const char *why)
{
	struct attempt *a = part->attempt;
	struct outcome o = { 0 };
	size_t i;

	assert(part->state != PART_OVER);
	part->state = PART_OVER;
	if (why != NULL) {
		outcome_set(&o, OUTCOME_DEFERRED, "4.3.0",
		    "the delivery process %s", why);
		for (i = 0; i < part->n; i++)
			if (a->got[part->rcpts[i]] == NULL)
				take_outcome(a, part->rcpts[i], &o);
	}
	if (--a->nopen == 0)
		attempt_finish(a);
}

void
attempt_abandon(struct lane *lane)
{
	struct part *part, *all = lane->first;

	/* Detached first: what ends an attempt may put others there. */
	lane->first = lane->last = NULL;
	lane->nparts = 0;
	while (all != NULL) {
		part = all;
		all = part->next;
		part->next = NULL;
		attempt_over(part, NULL);
	}
}

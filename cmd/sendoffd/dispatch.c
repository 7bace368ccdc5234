/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#include "cmd/sendoffd/admit.h"
#include "cmd/sendoffd/attempt.h"
#include "cmd/sendoffd/crew.h"
#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/tally.h"

enum {
	BUSY_MS = 40,			/* doubled each time, */
	BUSY_MAX = 8,			/* so often */
	LOOKS_MAX = 128,		/* at one go, then the sockets' turn */
};

static bool
is_wanted(const struct runner *r, const char *id)
{
	const struct options *o = r->options;

	for (size_t i = 0; i < o->nids; i++)
		if (strcmp(o->ids[i], id) == 0)
			return true;
	return o->nids == 0;
}

static void
notice(struct runner *r, const char *id, bool fresh)
{
	bool added;
	struct backlog_entry *e = backlog_add(r->backlog, id, fresh, &added);

	if (added) {
		e->now = r->options->now;
		if (r->options->once) {
			e->counted = true;
			r->pass_total++;
		}
	} else if (e->state == BACKLOG_WAIT || e->state == BACKLOG_HELD) {
		/* Somebody wrote to it: it may be due, or free, now. */
		backlog_look(r->backlog, e, fresh);
	}
}

void
dispatch_notice(struct runner *r, const char *id, bool fresh)
{
	if (is_wanted(r, id))
		notice(r, id, fresh);
}

void
dispatch_report(struct runner *r, const char *id)
{
	notice(r, id, true);
}

static bool
notice_scanned(const char *id, void *arg)
{
	struct runner *r = arg;

	if (backlog_find(r->backlog, id) == NULL)
		dispatch_notice(r, id, false);
	return true;
}

int
dispatch_scan(struct runner *r, struct err *err)
{
	return queue_scan(r->queue, notice_scanned, r, err);
}

static void
count_done(struct runner *r, struct backlog_entry *e)
{
	if (!e->counted)
		return;
	e->counted = false;
	r->pass_done++;
	if (r->options->progress) {
		(void)printf("%zu %zu\n", r->pass_done, r->pass_total);
		(void)fflush(stdout);
	}
}

void
dispatch_gone(struct runner *r, struct backlog_entry *e)
{
	count_done(r, e);
	backlog_remove(r->backlog, e);
}

void
dispatch_later(struct runner *r, struct backlog_entry *e, int64_t ms)
{
	count_done(r, e);
	backlog_wait(r->backlog, e, clock_tick_ms() + ms);
}

void
dispatch_again(struct runner *r, struct backlog_entry *e)
{
	e->now = true;
	r->flush_sec = clock_wall_sec();
	backlog_look(r->backlog, e, false);
}

/* The clock that jumps says until when, the one that does not is waited for. */
void
dispatch_wait(struct runner *r, struct backlog_entry *e, int64_t next_sec)
{
	struct schedule_conf c = {
		.retry_min_sec = r->site->conf.retry_min_sec,
		.retry_max_sec = r->site->conf.retry_max_sec,
	};
	int64_t sec = schedule_wait(&c, next_sec, clock_wall_sec());

	e->now = false;
	dispatch_later(r, e, sec * 1000);
}

/* The lane in which it is to wait: the first whose relay can be used. */
static struct lane *
choose_lane(struct runner *r, const struct queue_msg *msg, bool *split)
{
	struct lane *lane, *first = NULL, *usable = NULL;

	*split = false;
	for (size_t i = 0; i < msg->env.nrcpts; i++) {
		if (msg->rcpts[i].state != QUEUE_RCPT_OWED)
			continue;
		lane = site_lane(r->site, &msg->env, i);
		*split = *split || (first != NULL && lane != first);
		if (first == NULL || first->relay.state == RELAY_NONE)
			first = lane;
		if (usable == NULL && !relay_is_down(&lane->relay))
			usable = lane;
	}
	return usable != NULL ? usable : first;
}

/* When a message in the lane of a relay that is down needs a look though
 * nothing happens: for its warning, or its end. */
static int64_t
next_check_sec(const struct site *site, const struct queue_msg *msg,
    int64_t now_sec)
{
	struct schedule_conf c = site_schedule(site, &msg->env);
	int64_t arrival_sec = msg->env.arrival_us / 1000000;
	int64_t warn = arrival_sec + c.warn_after_sec;
	int64_t end = arrival_sec + c.lifetime_sec + 1;

	if (c.warn_after_sec > 0 && warn > now_sec && warn < end)
		return warn;
	return end > now_sec ? end : now_sec + RUNNER_AGAIN_MS / 1000;
}

void
dispatch_ready(struct runner *r, struct backlog_entry *e,
    const struct queue_msg *msg)
{
	bool split;
	struct lane *lane = choose_lane(r, msg, &split);

	e->split = split;
	e->check_sec = next_check_sec(r->site, msg, clock_wall_sec());
	if (lane == NULL) {
		/* nothing is owed: whoever looks settles it */
		backlog_look(r->backlog, e, false);
		return;
	}
	e->reason = relay_is_down(&lane->relay) ? lane->relay.why_number : 0;
	if (e->reason != 0)
		count_done(r, e);
	backlog_ready(r->backlog, e, msg->env.uid, lane->index);
}

static bool
is_due(const struct runner *r, const struct backlog_entry *e,
    const struct queue_msg *msg, int64_t *next_sec)
{
	*next_sec = msg->next_sec;
	if (e->now && msg->last_sec <= r->flush_sec)
		return true;
	/* -odq: with the next pass, or in a daemon after a while */
	if (msg->last_sec == 0 && msg->next_sec == 0 && !r->options->once &&
	    (msg->env.flags & ENVELOPE_QUEUE_ONLY) != 0)
		*next_sec = msg->env.arrival_us / 1000000 +
		    r->site->conf.retry_min_sec;
	return *next_sec <= clock_wall_sec();
}

static bool
is_owed(const struct queue_msg *msg)
{
	for (size_t i = 0; i < msg->env.nrcpts; i++)
		if (msg->rcpts[i].state == QUEUE_RCPT_OWED)
			return true;
	return false;
}

/* Takes msg, whose writer had no right to it as it is. */
static void
refuse(struct runner *r, struct backlog_entry *e, struct queue_msg *msg,
    const struct err *why)
{
	struct err err = { 0 };

	if (queue_condemn(msg, &err) == -1) {
		log_error("%s: %s", why->text, err.text);
		dispatch_later(r, e, RUNNER_AGAIN_MS);
		return;
	}
	log_error("%s: moved to corrupt/", why->text);
	dispatch_gone(r, e);
}

/* A message that is claimed and due goes into hand. */
static void
take_up(struct runner *r, struct backlog_entry *e, struct queue_msg *msg)
{
	struct err err = { 0 };

	if (admit_check(&r->site->conf, msg, &err) == -1) {
		refuse(r, e, msg, &err);
		return;
	}
	/* Nothing is attempted whose outcome could not be recorded. */
	if (queue_reserve(msg, &err) == -1) {
		log_error("%s", err.text);
		queue_release(msg);
		dispatch_later(r, e, RUNNER_AGAIN_MS);
		r->trouble_tick = clock_tick_ms() + RUNNER_TROUBLE_MS;
		return;
	}
	attempt_start(r, e, msg);
}

/* What is to be done with a message that could be read. */
enum fate { FATE_HOLD, FATE_WAIT, FATE_TAKE, FATE_READY };

static enum fate
judge(struct runner *r, struct backlog_entry *e, const struct queue_msg *msg,
    int64_t *next_sec)
{
	struct lane *lane;
	bool split;

	if (msg->hold)
		return FATE_HOLD;
	if (!is_due(r, e, msg, next_sec))
		return FATE_WAIT;
	/* nothing but a report, or the end, is missing */
	if (!is_owed(msg))
		return FATE_TAKE;
	lane = choose_lane(r, msg, &split);
	/* With a relay that is down: to be told why it waits, or its end. */
	if (relay_is_down(&lane->relay) && lane->relay.why_number != 0 &&
	    (e->reason != lane->relay.why_number ||
	    e->check_sec <= clock_wall_sec()) &&
	    !relay_open(&lane->relay, clock_tick_ms()))
		return FATE_TAKE;
	return FATE_READY;
}

static bool
is_first(struct runner *r, const struct queue_msg *msg)
{
	bool split;
	struct lane *lane = choose_lane(r, msg, &split);

	return backlog_count_lane(r->backlog, lane->index) == 0 &&
	    crew_has_room(r, lane, clock_tick_ms());
}

/* Takes msg, which is claimed or not. */
static void
consider(struct runner *r, struct backlog_entry *e, struct queue_msg *msg,
    bool claimed)
{
	int64_t next_sec = 0;
	struct err err = { 0 };
	enum fate fate = judge(r, e, msg, &next_sec);

	e->busy = 0;
	e->known = true;
	e->uid = msg->env.uid;
	if (fate == FATE_READY && claimed && is_first(r, msg))
		fate = FATE_TAKE;
	if (fate == FATE_TAKE && !claimed) {
		queue_release(msg);
		if (queue_claim(r->queue, e->id, &msg, &err) != QUEUE_OK) {
			dispatch_later(r, e, RUNNER_AGAIN_MS);
			return;
		}
		fate = judge(r, e, msg, &next_sec);
		if (fate == FATE_READY)
			fate = FATE_TAKE;
	}
	switch (fate) {
	case FATE_TAKE:
		take_up(r, e, msg);
		return;
	case FATE_HOLD:
		count_done(r, e);
		backlog_hold(r->backlog, e);
		break;
	case FATE_WAIT:
		dispatch_wait(r, e, next_sec);
		break;
	case FATE_READY:
		dispatch_ready(r, e, msg);
		break;
	}
	queue_release(msg);
}

/* The message could not be had. */
static void
set_aside(struct runner *r, struct backlog_entry *e, enum queue_found found,
    const struct err *err)
{
	switch (found) {
	case QUEUE_BUSY:
		/* a draft in the making, somebody who changes something, or
		 * another runner: mostly over soon */
		dispatch_later(r, e, (int64_t)BUSY_MS << e->busy);
		if (e->busy < BUSY_MAX)
			e->busy++;
		break;
	case QUEUE_GONE:
		dispatch_gone(r, e);
		break;
	case QUEUE_CORRUPT:
		log_error("%s: moved to corrupt/", err->text);
		dispatch_gone(r, e);
		break;
	case QUEUE_FOREIGN:
		log_error("%s: left alone", err->text);
		count_done(r, e);
		backlog_hold(r->backlog, e);
		break;
	case QUEUE_FAILED:
		log_error("%s", err->text);
		dispatch_later(r, e, RUNNER_AGAIN_MS);
		break;
	case QUEUE_OK:
		break;
	}
}

/* A message that was finished but could not be removed: nothing but that. */
static void
finish_again(struct runner *r, struct backlog_entry *e)
{
	struct queue_msg *msg;
	struct err err = { 0 };
	enum queue_found found = queue_claim(r->queue, e->id, &msg, &err);

	if (found != QUEUE_OK)
		set_aside(r, e, found, &err);
	else if (queue_finish(msg, &err) == 0)
		dispatch_gone(r, e);
	else
		dispatch_later(r, e, RUNNER_AGAIN_MS);
}

/* A claim costs no more than a look where the message can be handed out. */
static bool
should_claim(const struct runner *r, int64_t tick)
{
	for (size_t i = 0; i < r->site->nlanes; i++)
		if (crew_has_room(r, &r->site->lanes[i], tick))
			return true;
	return false;
}

static void
look(struct runner *r, struct backlog_entry *e, int64_t tick)
{
	struct queue_msg *msg;
	struct err err = { 0 };
	bool claim = should_claim(r, tick);
	enum queue_found found;

	if (e->over) {
		finish_again(r, e);
		return;
	}
	if (!claim) {
		found = queue_load(r->queue, e->id, &msg, &err);
		if (found == QUEUE_OK && msg->active) {
			queue_release(msg);
			found = QUEUE_BUSY;
		} else if (found == QUEUE_BUSY || found == QUEUE_CORRUPT) {
			/* only a claim sweeps, and puts aside */
			claim = true;
		}
	}
	if (claim)
		found = queue_claim(r->queue, e->id, &msg, &err);
	if (found == QUEUE_OK)
		consider(r, e, msg, claim);
	else
		set_aside(r, e, found, &err);
}

/* An entry of a lane whose turn it is: what was true when it was looked at
 * may have changed. */
static void
take_next(struct runner *r, struct backlog_entry *e)
{
	struct queue_msg *msg;
	struct err err = { 0 };
	int64_t next_sec = 0;
	enum queue_found found = queue_claim(r->queue, e->id, &msg, &err);

	if (found != QUEUE_OK) {
		set_aside(r, e, found, &err);
		return;
	}
	switch (judge(r, e, msg, &next_sec)) {
	case FATE_TAKE:
	case FATE_READY:
		take_up(r, e, msg);
		return;
	case FATE_HOLD:
		count_done(r, e);
		backlog_hold(r->backlog, e);
		break;
	case FATE_WAIT:
		dispatch_wait(r, e, next_sec);
		break;
	}
	queue_release(msg);
}

static bool
may_take_up(const struct runner *r, int64_t tick)
{
	return !r->stopping && tick >= r->trouble_tick;
}

/* Gives a part to a worker; false: it cannot be done now. */
static bool
hand_over(struct runner *r, struct part *part, struct worker *w,
    int64_t tick)
{
	struct lane *lane = part->lane;
	struct err err = { 0 };

	if (attempt_give(part, w, tick, &err) == 0) {
		relay_sent(&lane->relay, tick);
		tally_attempt(r, &lane->relay);
		return true;
	}
	if (w->deaf) {
		log_debug("%s", err.text);
		return true;
	}
	/* Out of memory or descriptors: nobody's fault, and not for long. */
	log_error("%s", err.text);
	r->trouble_tick = tick + RUNNER_TROUBLE_MS;
	attempt_abandon(lane);
	return false;
}

static void
fill_lane(struct runner *r, struct lane *lane, int64_t tick)
{
	struct backlog_entry *e;
	struct worker *w;
	struct part *part;
	size_t waiting;

	while (relay_open(&lane->relay, tick) && !r->stopping) {
		waiting = lane->nparts;
		if (may_take_up(r, tick))
			waiting += backlog_count_lane(r->backlog, lane->index);
		w = waiting > 0 ? crew_pick(r, lane, waiting, tick) : NULL;
		if (w == NULL)
			return;
		part = attempt_take_part(lane);
		if (part != NULL) {
			if (!hand_over(r, part, w, tick))
				return;
			continue;
		}
		e = backlog_next(r->backlog, lane->index);
		if (e != NULL)
			take_next(r, e);
	}
}

bool
dispatch_work(struct runner *r, int64_t tick)
{
	struct backlog_entry *e;
	size_t i, looks;

	if (!r->options->once)
		backlog_wake(r->backlog, tick);
	for (looks = 0; looks < LOOKS_MAX && may_take_up(r, tick); looks++) {
		e = backlog_next_new(r->backlog);
		if (e == NULL)
			break;
		look(r, e, tick);
		for (i = 0; i < r->site->nlanes; i++)
			if (r->site->lanes[i].nparts > 0)
				fill_lane(r, &r->site->lanes[i], tick);
	}
	for (i = 0; i < r->site->nlanes; i++)
		fill_lane(r, &r->site->lanes[i], tick);
	return may_take_up(r, tick) &&
	    backlog_count(r->backlog, BACKLOG_NEW) > 0;
}

static void
flush_entry(struct backlog_entry *e, void *arg)
{
	struct runner *r = arg;

	if (e->state == BACKLOG_HELD || e->state == BACKLOG_HAND || e->over)
		return;
	e->now = true;
	if (!e->counted) {
		e->counted = true;
		r->pass_total++;
	}
	if (e->state == BACKLOG_WAIT)
		backlog_look(r->backlog, e, false);
}

void
dispatch_probe(struct runner *r)
{
	for (size_t i = 0; i < r->site->nlanes; i++)
		relay_flush(&r->site->lanes[i].relay);
}

void
dispatch_flush(struct runner *r)
{
	if (r->pass_done == r->pass_total)
		r->pass_done = r->pass_total = 0;
	r->flush_sec = clock_wall_sec();
	r->flush_tick = clock_tick_ms();
	dispatch_probe(r);
	backlog_each(r->backlog, flush_entry, r);
}

/* Waits for a relay that is down, and not being probed. */
static bool
is_stranded(const struct runner *r, const struct lane *lane)
{
	return r->stopping || lane->relay.state == RELAY_DOWN ||
	    lane->relay.state == RELAY_NONE;
}

bool
dispatch_is_idle(const struct runner *r)
{
	if (r->nattempts > r->nparked)
		return false;
	if (may_take_up(r, clock_tick_ms()) &&
	    backlog_count(r->backlog, BACKLOG_NEW) > 0)
		return false;
	for (size_t i = 0; i < r->site->nlanes; i++)
		if (backlog_count_lane(r->backlog, i) > 0 &&
		    !is_stranded(r, &r->site->lanes[i]) &&
		    may_take_up(r, clock_tick_ms()))
			return false;
	return true;
}

int64_t
dispatch_tick(const struct runner *r)
{
	int64_t now = clock_tick_ms(), tick = INT64_MAX, open;

	if (r->stopping)
		return INT64_MAX;
	if (!r->options->once)
		tick = backlog_due_tick(r->backlog);
	if (r->trouble_tick > now && r->trouble_tick < tick)
		tick = r->trouble_tick;
	for (size_t i = 0; i < r->site->nlanes; i++) {
		struct lane *lane = &r->site->lanes[i];

		if (lane->nparts +
		    backlog_count_lane(r->backlog, lane->index) == 0)
			continue;
		open = relay_open_tick(&lane->relay);
		/* open, but nobody is free: a further connection may help
		 * once those that are busy prove to be slow */
		if (open <= now)
			open = now + CREW_SLOW_MS;
		if (open < tick)
			tick = open;
	}
	return tick;
}

static void
review_entry(struct backlog_entry *e, void *arg)
{
	struct runner *r = arg;
	const struct relay *relay;

	if (e->state != BACKLOG_READY)
		return;
	relay = &r->site->lanes[e->lane].relay;
	if (!relay_is_down(relay))
		return;
	if (e->split || e->reason != relay->why_number ||
	    e->check_sec <= clock_wall_sec())
		backlog_look(r->backlog, e, false);
	else if (relay->state != RELAY_PROBING)
		count_done(r, e);
}

void
dispatch_review(struct runner *r)
{
	backlog_each(r->backlog, review_entry, r);
}

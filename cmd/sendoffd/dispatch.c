/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#include "cmd/sendoffd/attempt.h"
#include "cmd/sendoffd/crew.h"
#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/look.h"
#include "cmd/sendoffd/place.h"
#include "cmd/sendoffd/tally.h"

enum {
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
			look_next(r, e);
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
		look_at(r, e, tick);
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

	if (e->state == BACKLOG_HELD || e->over)
		return;
	/* What is in hand is being tried: the pass waits for that. */
	e->now = e->now || e->state != BACKLOG_HAND;
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
	r->flushes++;
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
		place_count(r, e);
}

void
dispatch_review(struct runner *r)
{
	backlog_each(r->backlog, review_entry, r);
}

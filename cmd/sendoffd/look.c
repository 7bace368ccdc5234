/* SPDX-License-Identifier: ISC */
#include "core/base/clock.h"
#include "core/base/log.h"

#include "cmd/sendoffd/admit.h"
#include "cmd/sendoffd/attempt.h"
#include "cmd/sendoffd/crew.h"
#include "cmd/sendoffd/look.h"
#include "cmd/sendoffd/place.h"

enum {
	BUSY_MS = 40,			/* doubled each time, */
	BUSY_MAX = 8,			/* so often */
};

static bool
is_due(const struct runner *r, const struct backlog_entry *e,
    const struct queue_msg *msg, int64_t *next_sec)
{
	*next_sec = msg->next_sec;
	if (e->any_time)
		return true;
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
		place_later(r, e, RUNNER_AGAIN_MS);
		return;
	}
	log_error("%s: moved to corrupt/", why->text);
	place_gone(r, e);
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
		place_later(r, e, RUNNER_AGAIN_MS);
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
	if (msg->next_sec <= clock_wall_sec())
		e->any_time = false;
	if (!is_due(r, e, msg, next_sec))
		return FATE_WAIT;
	/* nothing but a report, or the end, is missing */
	if (!is_owed(msg))
		return FATE_TAKE;
	lane = place_lane(r, e, msg, &split);
	/* With a relay that is down: to be told why it waits, or its end. */
	if (relay_is_down(&lane->relay) && lane->relay.why_number != 0 &&
	    (e->reason != lane->relay.why_number ||
	    e->check_sec <= clock_wall_sec()) &&
	    !relay_open(&lane->relay, clock_tick_ms()))
		return FATE_TAKE;
	return FATE_READY;
}

static bool
is_first(struct runner *r, const struct backlog_entry *e,
    const struct queue_msg *msg)
{
	bool split;
	struct lane *lane = place_lane(r, e, msg, &split);

	return backlog_count_lane(r->backlog, lane->index) == 0 &&
	    crew_has_room(r, lane, clock_tick_ms());
}

/* Takes msg, which is claimed if its fate is FATE_TAKE. */
static void
carry_out(struct runner *r, struct backlog_entry *e, struct queue_msg *msg,
    enum fate fate, int64_t next_sec)
{
	switch (fate) {
	case FATE_TAKE:
		take_up(r, e, msg);
		return;
	case FATE_HOLD:
		place_count(r, e);
		backlog_hold(r->backlog, e);
		break;
	case FATE_WAIT:
		place_wait(r, e, next_sec);
		break;
	case FATE_READY:
		place_ready(r, e, msg);
		break;
	}
	queue_release(msg);
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
	if (fate == FATE_READY && claimed && is_first(r, e, msg))
		fate = FATE_TAKE;
	if (fate == FATE_TAKE && !claimed) {
		queue_release(msg);
		if (queue_claim(r->queue, e->id, &msg, &err) != QUEUE_OK) {
			place_later(r, e, RUNNER_AGAIN_MS);
			return;
		}
		fate = judge(r, e, msg, &next_sec);
		if (fate == FATE_READY)
			fate = FATE_TAKE;
	}
	carry_out(r, e, msg, fate, next_sec);
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
		place_later(r, e, (int64_t)BUSY_MS << e->busy);
		if (e->busy < BUSY_MAX)
			e->busy++;
		break;
	case QUEUE_GONE:
		place_gone(r, e);
		break;
	case QUEUE_CORRUPT:
		log_error("%s: moved to corrupt/", err->text);
		place_gone(r, e);
		break;
	case QUEUE_FOREIGN:
		log_error("%s: left alone", err->text);
		place_count(r, e);
		backlog_hold(r->backlog, e);
		break;
	case QUEUE_FAILED:
		log_error("%s", err->text);
		place_later(r, e, RUNNER_AGAIN_MS);
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
		place_gone(r, e);
	else
		place_later(r, e, RUNNER_AGAIN_MS);
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

void
look_at(struct runner *r, struct backlog_entry *e, int64_t tick)
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
void
look_next(struct runner *r, struct backlog_entry *e)
{
	struct queue_msg *msg;
	struct err err = { 0 };
	int64_t next_sec = 0;
	enum fate fate;
	enum queue_found found = queue_claim(r->queue, e->id, &msg, &err);

	if (found != QUEUE_OK) {
		set_aside(r, e, found, &err);
		return;
	}
	fate = judge(r, e, msg, &next_sec);
	if (fate == FATE_READY)
		fate = FATE_TAKE;
	carry_out(r, e, msg, fate, next_sec);
}

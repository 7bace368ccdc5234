/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "core/base/clock.h"

#include "cmd/sendoffd/place.h"

void
place_count(struct runner *r, struct backlog_entry *e)
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
place_gone(struct runner *r, struct backlog_entry *e)
{
	place_count(r, e);
	backlog_remove(r->backlog, e);
}

void
place_later(struct runner *r, struct backlog_entry *e, int64_t ms)
{
	place_count(r, e);
	backlog_wait(r->backlog, e, clock_tick_ms() + ms);
}

void
place_again(struct runner *r, struct backlog_entry *e)
{
	e->now = true;
	r->flush_sec = clock_wall_sec();
	backlog_look(r->backlog, e, false);
}

/* The clock that jumps says until when, the one that does not is waited for. */
void
place_wait(struct runner *r, struct backlog_entry *e, int64_t next_sec)
{
	struct schedule_conf c = {
		.retry_min_sec = r->site->conf.retry_min_sec,
		.retry_max_sec = r->site->conf.retry_max_sec,
	};
	int64_t sec = schedule_wait(&c, next_sec, clock_wall_sec());

	e->now = false;
	place_later(r, e, sec * 1000);
}

/* The first whose relay can be used; else, and where only those that cannot
 * are waited for, the first. */
struct lane *
place_lane(struct runner *r, const struct backlog_entry *e,
    const struct queue_msg *msg, bool *split)
{
	struct lane *lane, *seen = NULL, *first = NULL, *usable = NULL;

	*split = false;
	for (size_t i = 0; i < msg->env.nrcpts; i++) {
		if (msg->rcpts[i].state != QUEUE_RCPT_OWED)
			continue;
		lane = site_lane(r->site, &msg->env, i);
		*split = *split || (seen != NULL && lane != seen);
		seen = lane;
		if (relay_is_down(&lane->relay)) {
			if (first == NULL || first->relay.state == RELAY_NONE)
				first = lane;
		} else if (usable == NULL) {
			usable = lane;
		}
	}
	if (usable == NULL || (e->any_time && first != NULL))
		return first;
	return usable;
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
place_ready(struct runner *r, struct backlog_entry *e,
    const struct queue_msg *msg)
{
	bool split;
	struct lane *lane = place_lane(r, e, msg, &split);

	e->split = split;
	e->check_sec = next_check_sec(r->site, msg, clock_wall_sec());
	if (e->any_time && msg->next_sec < e->check_sec)
		e->check_sec = msg->next_sec;
	if (lane == NULL) {
		/* nothing is owed: whoever looks settles it */
		backlog_look(r->backlog, e, false);
		return;
	}
	e->reason = relay_is_down(&lane->relay) ? lane->relay.why_number : 0;
	if (e->reason != 0)
		place_count(r, e);
	backlog_ready(r->backlog, e, msg->env.uid, lane->index);
}

/* SPDX-License-Identifier: ISC */
/*
 * Attempts whose outcomes could not be written down: they stay in hand, with
 * their claim, and are settled again after a while.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#include "cmd/sendoffd/attempt.h"
#include "cmd/sendoffd/attempt_part.h"
#include "cmd/sendoffd/place.h"

void
attempt_park(struct attempt *a)
{
	struct runner *r = a->runner;

	a->parked_tick = clock_tick_ms() + RUNNER_TROUBLE_MS;
	r->trouble_tick = a->parked_tick;
	a->next = r->parked;
	r->parked = a;
	r->nparked++;
}

/* A message whose journal failed is claimed anew: that resets it. */
static bool
reclaim(struct attempt *a)
{
	struct err err = { 0 };
	enum queue_found found;
	char id[ID_SIZE];

	memcpy(id, a->entry->id, sizeof(id));
	queue_release(a->msg);
	a->msg = NULL;
	found = queue_claim(a->runner->queue, id, &a->msg, &err);
	if (found == QUEUE_OK)
		return true;
	if (found == QUEUE_GONE || found == QUEUE_CORRUPT) {
		log_error("message %s: lost while its outcomes could not be "
		    "recorded: %s", id, err.text);
		place_gone(a->runner, a->entry);
		attempt_free(a);
	} else {
		a->msg = NULL;
		attempt_park(a);
	}
	return false;
}

void
attempt_retry_parked(struct runner *r, int64_t tick)
{
	struct attempt *a, *all = r->parked;

	r->parked = NULL;
	while (all != NULL) {
		a = all;
		all = a->next;
		a->next = NULL;
		if (a->parked_tick > tick) {
			a->next = r->parked;
			r->parked = a;
			continue;
		}
		r->nparked--;
		if (reclaim(a))
			attempt_finish(a);
	}
}

int64_t
attempt_parked_tick(const struct runner *r)
{
	int64_t tick = INT64_MAX;

	for (const struct attempt *a = r->parked; a != NULL; a = a->next)
		if (a->parked_tick < tick)
			tick = a->parked_tick;
	return tick;
}

void
attempt_drop_parked(struct runner *r)
{
	struct attempt *a;

	/* a last try */
	attempt_retry_parked(r, INT64_MAX);
	while (r->parked != NULL) {
		a = r->parked;
		r->parked = a->next;
		r->nparked--;
		log_error("message %s: its outcomes were not recorded",
		    a->entry->id);
		queue_release(a->msg);
		attempt_free(a);
	}
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#include "cmd/sendoffd/tally.h"

/* The name of its section; what no relay serves counts as [relay]. */
static const char *
name_of(const struct relay *relay)
{
	return relay->conf != NULL ? relay->conf->name : "";
}

static void
counted(struct runner *r)
{
	if (r->tally_tick == 0)
		r->tally_tick = clock_tick_ms() + TALLY_MS;
}

void
tally_attempt(struct runner *r, const struct relay *relay)
{
	stats_attempt(&r->tally, name_of(relay));
	counted(r);
}

void
tally_rcpt(struct runner *r, const struct relay *relay,
    enum outcome_verdict verdict)
{
	stats_count(&r->tally, name_of(relay), verdict, clock_wall_sec());
	counted(r);
}

void
tally_up(struct runner *r, const struct relay *relay)
{
	stats_up(&r->tally, name_of(relay), clock_wall_sec(),
	    relay->size_max);
	counted(r);
}

void
tally_down(struct runner *r, const struct relay *relay,
    const struct outcome *why)
{
	int64_t now_sec = clock_wall_sec();
	int64_t wait_ms = relay->probe_tick - clock_tick_ms();

	stats_down(&r->tally, name_of(relay), now_sec,
	    now_sec + (wait_ms > 0 ? wait_ms / 1000 : 0), relay->failures,
	    why);
	counted(r);
}

int64_t
tally_tick(const struct runner *r)
{
	return r->tally_tick != 0 ? r->tally_tick : INT64_MAX;
}

void
tally_merge(struct runner *r, int64_t tick)
{
	struct err err = { 0 };

	r->tally_tick = 0;
	if (stats_merge(r->queue, &r->tally, &err) == 0)
		return;
	/* Another runner counts just now, or the disk is full: later. */
	r->tally_tick = tick + TALLY_MS;
	if (err.sys != EWOULDBLOCK)
		log_debug("%s", err.text);
}

void
tally_end(struct runner *r)
{
	static const struct timespec wait = { 0, 10 * 1000 * 1000 };
	struct err err = { 0 };
	int i;

	for (i = 0; i < TALLY_LAST_TRIES; i++) {
		if (stats_merge(r->queue, &r->tally, &err) == 0 ||
		    err.sys != EWOULDBLOCK)
			break;
		(void)nanosleep(&wait, NULL);
	}
	stats_free(&r->tally);
	r->tally_tick = 0;
}

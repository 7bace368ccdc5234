/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#include "cmd/sendoffd/recall.h"

static void
resume(struct relay *relay, const struct stats_relay *s)
{
	struct outcome why = { .verdict = OUTCOME_DEFERRED };
	int64_t wait_sec = s->retry_sec - clock_wall_sec();

	if (wait_sec <= 0)
		return;
	memcpy(why.dsn, s->dsn, sizeof(why.dsn));
	memcpy(why.text, s->why, sizeof(why.text));
	outcome_fix_dsn(&why);
	relay_resume(relay, &why, s->failures, s->failed_sec,
	    wait_sec * 1000, clock_tick_ms());
	log_info("relay %s was down: %s (%s); next try in %" PRId64 " s",
	    relay_name(relay), why.text, why.dsn,
	    (relay->probe_tick - clock_tick_ms() + 999) / 1000);
}

void
recall_relays(struct runner *r)
{
	const struct stats_relay *s;
	struct stats stats;
	struct err err = { 0 };
	int64_t changed_sec;

	if (stats_load(r->queue, &stats, &err) == -1) {
		log_error("%s", err.text);
		return;
	}
	for (size_t i = 0; i < r->site->conf.nrelays; i++) {
		struct relay *relay = &r->site->lanes[i].relay;

		s = stats_relay(&stats, relay->conf->name);
		changed_sec = site_changed_sec(r->site, relay->conf);
		if (s->seen_sec > changed_sec)
			relay->size_max = s->size_max;
		if (s->health == STATS_DOWN && s->failed_sec >= changed_sec)
			resume(relay, s);
	}
	stats_free(&stats);
}

/* SPDX-License-Identifier: ISC */
#include <signal.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#include "cmd/sendoffd/attempt.h"
#include "cmd/sendoffd/crew.h"
#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/loop.h"
#include "cmd/sendoffd/loop_part.h"
#include "cmd/sendoffd/notify.h"
#include "cmd/sendoffd/tally.h"

static int64_t
min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
loop_next_tick(const struct loop *l)
{
	const struct runner *r = l->runner;
	int64_t tick = min(dispatch_tick(r), crew_tick(r));

	tick = min(tick, min(r->sync_tick, tally_tick(r)));
	tick = min(tick, min(attempt_parked_tick(r),
	    gate_server_tick(l->gate)));
	if (l->watchdog_ms != 0)
		tick = min(tick, l->watchdog_tick);
	if (l->stop_tick != 0)
		return l->killed ? tick : min(tick, l->stop_tick +
		    (l->asked ? LOOP_KILL_MS : LOOP_STOP_MS));
	if (loop_stays(l) && l->flush_asked)
		tick = min(tick, l->flush_tick);
	if (loop_stays(l))
		tick = min(tick, min(l->scan_tick, min(l->review_tick,
		    l->pass_tick)));
	return tick;
}

static void
sync_directory(struct runner *r, int64_t tick)
{
	struct err err = { 0 };

	r->sync_tick = INT64_MAX;
	if (queue_sync(r->queue, &err) == 0)
		return;
	/* What was removed may come back after a crash: no more of it until
	 * the disk is well. */
	log_error("%s; nothing is sent for %d s", err.text,
	    RUNNER_TROUBLE_MS / 1000);
	r->trouble_tick = tick + RUNNER_TROUBLE_MS;
	r->sync_tick = tick + RUNNER_TROUBLE_MS;
}

static void
be_patient_or_not(struct loop *l, int64_t tick)
{
	if (l->stop_tick == 0)
		return;
	if (!l->asked && tick >= l->stop_tick + LOOP_STOP_MS) {
		l->asked = true;
		if (l->runner->nworkers > 0)
			log_error("messages in hand are abandoned");
		/* not those between dot and reply: they hold it off */
		crew_kill(l->runner, SIGALRM);
	} else if (!l->killed && tick >= l->stop_tick + LOOP_KILL_MS) {
		l->killed = true;
		crew_kill(l->runner, SIGKILL);
	}
}

void
loop_take_time(struct loop *l, int64_t tick)
{
	struct runner *r = l->runner;
	int64_t interval_ms = r->options->interval_sec * 1000;

	if (tick >= r->sync_tick)
		sync_directory(r, tick);
	if (tick >= tally_tick(r))
		tally_merge(r, tick);
	if (tick >= attempt_parked_tick(r))
		attempt_retry_parked(r, tick);
	if (l->watchdog_ms != 0 && tick >= l->watchdog_tick) {
		notify_watchdog();
		l->watchdog_tick = tick + l->watchdog_ms;
	}
	be_patient_or_not(l, tick);
	gate_server_time(l->gate, tick);
	if (l->stop_tick != 0 || !loop_stays(l))
		return;
	if (tick >= l->scan_tick)
		(void)loop_scan(l, l->watch_fd == -1);
	if (tick >= l->review_tick) {
		dispatch_review(r);
		l->review_tick = tick + LOOP_REVIEW_MS;
	}
	if (tick >= l->pass_tick) {
		l->pass_tick = tick + interval_ms;
		l->flush_asked = true;
	}
	/* Many who ask at once get one. */
	if (l->flush_asked && tick >= l->flush_tick) {
		l->flush_asked = false;
		l->flush_tick = tick + LOOP_FLUSH_MS;
		(void)loop_scan(l, false);
		dispatch_flush(r);
	}
}

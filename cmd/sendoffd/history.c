/* SPDX-License-Identifier: ISC */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "queue/trace.h"

#include "cmd/sendoffd/history.h"

enum {
	DAY_SEC = 86400,
};

/* What was settled at once has no line in the journal, and so is not yet in
 * the message. */
static void
complete(struct attempt *a, int64_t now_sec)
{
	for (size_t i = 0; i < a->ngot; i++) {
		struct queue_rcpt *r = &a->msg->rcpts[i];

		if (a->got[i] == NULL || r->state != QUEUE_RCPT_OWED)
			continue;
		r->last = *a->got[i];
		r->last_sec = now_sec;
		if (r->last.verdict == OUTCOME_SENT)
			r->state = QUEUE_RCPT_SENT;
	}
}

static void
expire(struct runner *r, int64_t now_sec)
{
	int64_t day = now_sec / DAY_SEC;
	struct err err = { 0 };

	if (r->history_day == day)
		return;
	r->history_day = day;
	if (trace_expire(r->queue, now_sec - r->site->conf.history_sec,
	    &err) == -1)
		log_error("%s", err.text);
}

void
history_add(struct attempt *a)
{
	struct runner *r = a->runner;
	struct err err = { 0 };
	int64_t now_sec = clock_wall_sec();

	expire(r, now_sec);
	if (r->site->conf.history_sec == 0)
		return;
	complete(a, now_sec);
	if (trace_add(r->queue, a->msg, now_sec, &err) == -1)
		log_error("%s", err.text);
}

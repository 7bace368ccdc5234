/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "queue/corrupt.h"
#include "queue/list.h"
#include "queue/metrics.h"
#include "queue/runner.h"
#include "queue/stats.h"

#include "cmd/sendoff/admin.h"

enum {
	OUT_MAX = 4 * 1024 * 1024,
	WATCH_SEC = 2,
	SHOWN_MAX = 500,
};

struct status {
	struct metrics	metrics;
	struct stats	stats;		/* owned */
	int64_t		pid;		/* of the runner; 0: not known */
	int64_t		now_sec;
};

static void
count(struct status *s, const struct listing_msg *m)
{
	int64_t age = s->now_sec - m->arrival_sec;

	s->metrics.messages[m->state]++;
	s->metrics.bytes += m->size;
	if (m->state != LISTING_CORRUPT && age > s->metrics.oldest_sec)
		s->metrics.oldest_sec = age;
}

static void
count_one(struct admin *a, struct status *s, const char *id)
{
	struct listing_msg m;
	struct queue_msg *msg;
	struct err err = { 0 };

	switch (queue_load(a->queue, id, &msg, &err)) {
	case QUEUE_OK:
		list_fill(&m, msg, &a->conf);
		count(s, &m);
		list_free(&m);
		queue_release(msg);
		break;
	case QUEUE_CORRUPT:
		s->metrics.messages[LISTING_CORRUPT]++;
		break;
	case QUEUE_BUSY:
	case QUEUE_GONE:
	case QUEUE_FOREIGN:
	case QUEUE_FAILED:
		break;
	}
}

static int
gather(struct admin *a, struct status *s, struct err *err)
{
	struct list_ids ids;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->now_sec = clock_wall_sec();
	s->metrics.runner_up = queue_runner_alive(a->queue, &s->pid);
	if (list_ids(a->queue, &ids, err) == -1)
		return -1;
	for (i = 0; i < ids.n; i++)
		count_one(a, s, ids.v[i]);
	list_ids_free(&ids);
	if (list_corrupt_ids(a->queue, &ids, err) == -1)
		return -1;
	s->metrics.messages[LISTING_CORRUPT] += ids.n;
	list_ids_free(&ids);
	if (stats_load(a->queue, &s->stats, err) == -1)
		return -1;
	/* Those that never did anything are told of, too. */
	for (i = 0; i < a->conf.nrelays; i++)
		(void)stats_relay(&s->stats, a->conf.relays[i].name);
	return 0;
}

static void
text_relay(struct buf *b, const struct stats_relay *r)
{
	static const char *const healths[] = {
		[STATS_UNKNOWN] = "not yet tried", [STATS_UP] = "up",
		[STATS_DOWN] = "down",
	};

	buf_addf(b, "Relay %s: %s", stats_label(r->name),
	    healths[r->health]);
	if (r->health != STATS_UNKNOWN) {
		buf_adds(b, " since ");
		admin_add_time(b, r->since_sec);
	}
	buf_addc(b, '\n');
	if (r->health == STATS_DOWN) {
		buf_adds(b, "  because: ");
		text_clean(b, r->why, strlen(r->why), SHOWN_MAX);
		if (r->retry_sec != 0) {
			buf_adds(b, "\n  next try: ");
			admin_add_time(b, r->retry_sec);
		}
		buf_addc(b, '\n');
	}
	if (r->size_max != 0)
		buf_addf(b, "  takes at most %jd bytes a message\n",
		    (intmax_t)r->size_max);
	buf_addf(b, "  recipients: %jd sent, %jd deferred, %jd bounced, "
	    "%jd expired\n", (intmax_t)r->rcpts[STATS_SENT],
	    (intmax_t)r->rcpts[STATS_DEFERRED],
	    (intmax_t)r->rcpts[STATS_BOUNCED],
	    (intmax_t)r->rcpts[STATS_EXPIRED]);
	if (r->last_sec != 0) {
		buf_adds(b, "  last delivery: ");
		admin_add_time(b, r->last_sec);
		buf_addc(b, '\n');
	}
}

static void
text(struct buf *b, const struct admin *a, const struct status *s)
{
	const struct metrics *m = &s->metrics;
	size_t i, hosts = 0;

	if (!m->runner_up)
		buf_adds(b, "Runner: not running; mail is queued and waits\n");
	else if (s->pid != 0)
		buf_addf(b, "Runner: running, process %jd\n",
		    (intmax_t)s->pid);
	else
		buf_adds(b, "Runner: running\n");
	buf_adds(b, "Queue: ");
	text_clean(b, a->conf.queue_dir, strlen(a->conf.queue_dir),
	    SHOWN_MAX);
	buf_addf(b, "\nMessages: %zu incoming, %zu active, %zu deferred, "
	    "%zu on hold, %zu corrupt; %jd bytes\n",
	    m->messages[LISTING_INCOMING], m->messages[LISTING_ACTIVE],
	    m->messages[LISTING_DEFERRED], m->messages[LISTING_HOLD],
	    m->messages[LISTING_CORRUPT], (intmax_t)m->bytes);
	if (m->oldest_sec > 0) {
		buf_adds(b, "Oldest: ");
		admin_add_age(b, m->oldest_sec);
		buf_addc(b, '\n');
	}
	for (i = 0; i < a->conf.nrelays; i++)
		hosts += a->conf.relays[i].nhosts;
	if (hosts == 0)
		buf_adds(b, "Relay: none is configured\n");
	for (i = 0; i < s->stats.n && hosts > 0; i++)
		text_relay(b, &s->stats.v[i]);
}

static void
json_time(struct buf *b, const char *name, int64_t sec)
{
	if (sec > 0)
		buf_addf(b, ",\"%s\":%jd", name, (intmax_t)sec);
	else
		buf_addf(b, ",\"%s\":null", name);
}

static void
json_relay(struct buf *b, const struct stats_relay *r)
{
	static const char *const up[] = {
		[STATS_UNKNOWN] = "null", [STATS_UP] = "true",
		[STATS_DOWN] = "false",
	};
	const char *name = stats_label(r->name);
	int i;

	buf_adds(b, "{\"relay\":");
	text_json(b, name, strlen(name));
	buf_addf(b, ",\"up\":%s", up[r->health]);
	json_time(b, "since", r->since_sec);
	json_time(b, "next_try", r->retry_sec);
	buf_adds(b, ",\"reason\":");
	if (r->health == STATS_DOWN)
		text_json(b, r->why, strlen(r->why));
	else
		buf_adds(b, "null");
	buf_addf(b, ",\"attempts\":%jd,\"recipients\":{",
	    (intmax_t)r->attempts);
	for (i = 0; i < STATS_STATUSES; i++)
		buf_addf(b, "%s\"%s\":%jd", i > 0 ? "," : "",
		    stats_status_name((enum stats_status)i),
		    (intmax_t)r->rcpts[i]);
	buf_addc(b, '}');
	json_time(b, "last_delivery", r->last_sec);
	json_time(b, "max_message_size", r->size_max);
	buf_addc(b, '}');
}

static void
json(struct buf *b, const struct admin *a, const struct status *s)
{
	size_t i;

	buf_addf(b, "{\"runner_up\":%s", s->metrics.runner_up ? "true" :
	    "false");
	json_time(b, "runner_pid", s->pid);
	buf_adds(b, ",\"queue\":");
	text_json(b, a->conf.queue_dir, strlen(a->conf.queue_dir));
	buf_adds(b, ",\"messages\":{");
	for (i = 0; i < METRICS_STATES; i++)
		buf_addf(b, "%s\"%s\":%zu", i > 0 ? "," : "",
		    listing_state_name((enum listing_state)i),
		    s->metrics.messages[i]);
	buf_addf(b, "},\"bytes\":%jd,\"oldest_message_seconds\":%jd,"
	    "\"relays\":[", (intmax_t)s->metrics.bytes,
	    (intmax_t)s->metrics.oldest_sec);
	for (i = 0; i < s->stats.n; i++) {
		if (i > 0)
			buf_addc(b, ',');
		json_relay(b, &s->stats.v[i]);
	}
	buf_adds(b, "]}\n");
}

static int
show(struct admin *a, bool as_json, bool as_metrics, bool clear)
{
	struct status s;
	struct err err = { 0 };
	struct buf b;
	int status = EX_OK;

	buf_init(&b, OUT_MAX);
	if (gather(a, &s, &err) == -1) {
		status = admin_fail(&err);
	} else {
		if (clear)
			buf_adds(&b, "\x1b[H\x1b[2J");
		if (as_metrics)
			metrics_write(&b, &s.metrics, &s.stats);
		else if (as_json)
			json(&b, a, &s);
		else
			text(&b, a, &s);
		admin_put(&b);
	}
	stats_free(&s.stats);
	buf_free(&b);
	return status;
}

int
status_main(struct admin *a, int argc, char **argv)
{
	static const struct timespec wait = { WATCH_SEC, 0 };
	bool watch = false, as_json = false, as_metrics = false;
	const struct admin_opt opts[] = {
		{ "watch", ADMIN_FLAG, &watch, NULL },
		{ "json", ADMIN_FLAG, &as_json, NULL },
		{ "metrics", ADMIN_FLAG, &as_metrics, NULL },
	};
	int status;

	if (admin_opts(opts, NELEM(opts), argc, argv) != 0 ||
	    (as_json && as_metrics) || (watch && as_metrics))
		return admin_usage("status [--watch] [--json | --metrics]");
	status = admin_queue(a, QUEUE_READ);
	if (status != EX_OK)
		return status;
	do {
		status = show(a, as_json, as_metrics, watch && !as_json &&
		    isatty(STDOUT_FILENO));
		if (status != EX_OK || fflush(stdout) != 0)
			break;
	} while (watch && (nanosleep(&wait, NULL) == 0 || errno == EINTR));
	return status;
}

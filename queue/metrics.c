/* SPDX-License-Identifier: ISC */
#include "queue/metrics.h"

static void
family(struct buf *b, const char *name, const char *type, const char *unit,
    const char *help)
{
	buf_addf(b, "# TYPE %s %s\n", name, type);
	if (unit != NULL)
		buf_addf(b, "# UNIT %s %s\n", name, unit);
	buf_addf(b, "# HELP %s %s\n", name, help);
}

static void
add_label(struct buf *b, const char *relay)
{
	const char *p;

	buf_adds(b, "relay=\"");
	for (p = stats_label(relay); *p != '\0'; p++) {
		if (*p == '\n') {
			buf_adds(b, "\\n");
			continue;
		}
		if (*p == '"' || *p == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *p);
	}
	buf_addc(b, '"');
}

static void
write_messages(struct buf *b, const struct metrics *m)
{
	int i;

	family(b, "sendoff_messages", "gauge", NULL,
	    "Messages in the queue, by state.");
	for (i = 0; i < METRICS_STATES; i++)
		buf_addf(b, "sendoff_messages{state=\"%s\"} %zu\n",
		    listing_state_name((enum listing_state)i),
		    m->messages[i]);
	family(b, "sendoff_oldest_message_seconds", "gauge", "seconds",
	    "Age of the oldest message.");
	buf_addf(b, "sendoff_oldest_message_seconds %jd\n",
	    (intmax_t)m->oldest_sec);
	family(b, "sendoff_queue_bytes", "gauge", "bytes",
	    "Size of all messages.");
	buf_addf(b, "sendoff_queue_bytes %jd\n", (intmax_t)m->bytes);
	family(b, "sendoff_runner_up", "gauge", NULL,
	    "Whether a queue runner is alive.");
	buf_addf(b, "sendoff_runner_up %d\n", m->runner_up);
}

static void
write_recipients(struct buf *b, const struct stats *s)
{
	size_t i;
	int j;

	family(b, "sendoff_recipients", "counter", NULL,
	    "Recipients attempted, by outcome.");
	for (i = 0; i < s->n; i++)
		for (j = 0; j < STATS_STATUSES; j++) {
			buf_adds(b, "sendoff_recipients_total{");
			add_label(b, s->v[i].name);
			buf_addf(b, ",status=\"%s\"} %jd\n",
			    stats_status_name((enum stats_status)j),
			    (intmax_t)s->v[i].rcpts[j]);
		}
}

static void
write_relays(struct buf *b, const struct stats *s)
{
	size_t i;

	family(b, "sendoff_attempts", "counter", NULL,
	    "Messages handed to a relay's session.");
	for (i = 0; i < s->n; i++) {
		buf_adds(b, "sendoff_attempts_total{");
		add_label(b, s->v[i].name);
		buf_addf(b, "} %jd\n", (intmax_t)s->v[i].attempts);
	}
	family(b, "sendoff_relay_up", "gauge", NULL,
	    "Whether the relay could be used when it was last tried.");
	for (i = 0; i < s->n; i++) {
		if (s->v[i].health == STATS_UNKNOWN)
			continue;
		buf_adds(b, "sendoff_relay_up{");
		add_label(b, s->v[i].name);
		buf_addf(b, "} %d\n", s->v[i].health == STATS_UP);
	}
}

void
metrics_write(struct buf *b, const struct metrics *m, const struct stats *s)
{
	int64_t last = 0;
	size_t i;

	write_messages(b, m);
	write_recipients(b, s);
	write_relays(b, s);
	for (i = 0; i < s->n; i++)
		if (s->v[i].last_sec > last)
			last = s->v[i].last_sec;
	family(b, "sendoff_last_delivery_timestamp_seconds", "gauge",
	    "seconds", "When a recipient was last delivered to; 0: never.");
	buf_addf(b, "sendoff_last_delivery_timestamp_seconds %jd\n",
	    (intmax_t)last);
	buf_adds(b, "# EOF\n");
}

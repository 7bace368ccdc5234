/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/mail/envelope.h"
#include "core/mail/line.h"
#include "queue/format.h"
#include "queue/stats.h"

enum {
	LINE_MAX_BYTES = 4096,
};

static const char *const statuses[] = {
	[STATS_SENT] = "sent", [STATS_DEFERRED] = "deferred",
	[STATS_BOUNCED] = "bounced", [STATS_EXPIRED] = "expired",
};

static const char *const healths[] = {
	[STATS_UNKNOWN] = "unknown", [STATS_UP] = "up", [STATS_DOWN] = "down",
};

void
stats_free(struct stats *s)
{
	mem_free(s->v);
	memset(s, 0, sizeof(*s));
}

const char *
stats_status_name(enum stats_status status)
{
	return statuses[status];
}

const char *
stats_label(const char *name)
{
	return name[0] != '\0' ? name : "default";
}

struct stats_relay *
stats_relay(struct stats *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		int order = strcmp(s->v[i].name, name);

		if (order == 0)
			return &s->v[i];
		if (order > 0)
			break;
	}
	s->v = mem_array(s->v, s->n + 1, sizeof(*s->v));
	memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(*s->v));
	memset(&s->v[i], 0, sizeof(*s->v));
	(void)snprintf(s->v[i].name, sizeof(s->v[i].name), "%s", name);
	s->n++;
	return &s->v[i];
}

void
stats_attempt(struct stats *s, const char *relay)
{
	stats_relay(s, relay)->attempts++;
}

void
stats_count(struct stats *s, const char *relay, enum outcome_verdict verdict,
    int64_t now_sec)
{
	struct stats_relay *r = stats_relay(s, relay);

	switch (verdict) {
	case OUTCOME_NONE:
		break;
	case OUTCOME_SENT:
		r->rcpts[STATS_SENT]++;
		r->last_sec = now_sec;
		break;
	case OUTCOME_DEFERRED:
	case OUTCOME_UNKNOWN:
		r->rcpts[STATS_DEFERRED]++;
		break;
	case OUTCOME_FAILED:
		r->rcpts[STATS_BOUNCED]++;
		break;
	case OUTCOME_EXPIRED:
		r->rcpts[STATS_EXPIRED]++;
		break;
	}
}

static void
set_health(struct stats_relay *r, enum stats_health health, int64_t since_sec)
{
	if (r->health != health)
		r->since_sec = since_sec;
	r->health = health;
}

void
stats_up(struct stats *s, const char *relay, int64_t now_sec,
    int64_t size_max)
{
	struct stats_relay *r = stats_relay(s, relay);

	set_health(r, STATS_UP, now_sec);
	r->seen_sec = now_sec;
	r->size_max = size_max;
	r->failed_sec = r->failures = r->retry_sec = 0;
	r->dsn[0] = r->why[0] = '\0';
}

void
stats_down(struct stats *s, const char *relay, int64_t now_sec,
    int64_t retry_sec, int64_t failures, const struct outcome *why)
{
	struct stats_relay *r = stats_relay(s, relay);

	set_health(r, STATS_DOWN, now_sec);
	r->failed_sec = now_sec;
	r->failures = failures;
	r->retry_sec = retry_sec;
	memcpy(r->dsn, why->dsn, sizeof(r->dsn));
	memcpy(r->why, why->text, sizeof(r->why));
}

static int64_t
sum(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static void
add_relay(struct stats_relay *r, const struct stats_relay *news)
{
	size_t i;

	r->attempts = sum(r->attempts, news->attempts);
	for (i = 0; i < STATS_STATUSES; i++)
		r->rcpts[i] = sum(r->rcpts[i], news->rcpts[i]);
	if (news->last_sec > r->last_sec)
		r->last_sec = news->last_sec;
	if (news->health == STATS_UNKNOWN)
		return;
	set_health(r, news->health, news->since_sec);
	r->failed_sec = news->failed_sec;
	r->failures = news->failures;
	r->retry_sec = news->retry_sec;
	memcpy(r->dsn, news->dsn, sizeof(r->dsn));
	memcpy(r->why, news->why, sizeof(r->why));
	/* What it announced is remembered while it is away. */
	if (news->seen_sec != 0) {
		r->seen_sec = news->seen_sec;
		r->size_max = news->size_max;
	}
}

void
stats_add(struct stats *s, const struct stats *news)
{
	size_t i;

	for (i = 0; i < news->n; i++)
		add_relay(stats_relay(s, news->v[i].name), &news->v[i]);
}

static void
write_number(struct buf *b, const char *name, int64_t v)
{
	buf_addf(b, " %s=%jd", name, (intmax_t)v);
}

static void
write_relay(const struct stats_relay *r, struct buf *b)
{
	size_t i;

	buf_adds(b, "relay ");
	envelope_encode(b, r->name, strlen(r->name));
	write_number(b, "attempts", r->attempts);
	for (i = 0; i < STATS_STATUSES; i++)
		write_number(b, statuses[i], r->rcpts[i]);
	write_number(b, "last", r->last_sec);
	buf_addf(b, " health=%s", healths[r->health]);
	write_number(b, "since", r->since_sec);
	write_number(b, "seen", r->seen_sec);
	write_number(b, "size", r->size_max);
	write_number(b, "failed", r->failed_sec);
	write_number(b, "failures", r->failures);
	write_number(b, "retry", r->retry_sec);
	buf_adds(b, " dsn=");
	envelope_encode(b, r->dsn, strlen(r->dsn));
	buf_adds(b, " why=");
	envelope_encode(b, r->why, strlen(r->why));
}

void
stats_write(const struct stats *s, struct buf *out)
{
	static const char head[] = "stats 1";
	struct buf b;
	size_t i;

	format_line_write(head, sizeof(head) - 1, out);
	buf_init(&b, LINE_MAX_BYTES);
	for (i = 0; i < s->n && i < STATS_RELAYS_MAX; i++) {
		buf_reset(&b);
		write_relay(&s->v[i], &b);
		format_line_write(buf_str(&b), b.n, out);
	}
	buf_free(&b);
}

static int64_t
read_number(struct line *l, const char *name)
{
	if (!line_attr(l, name))
		l->bad = true;
	return line_int(l, 0, INT64_MAX);
}

static void
read_string(struct line *l, const char *name, char *out, size_t size)
{
	if (!line_attr(l, name))
		l->bad = true;
	line_string_to(l, out, size);
}

static enum stats_health
read_health(struct line *l)
{
	struct slice word;
	size_t i;

	if (!line_attr(l, "health"))
		l->bad = true;
	word = line_word(l);
	for (i = 0; i < NELEM(healths); i++)
		if (slice_eq(word, healths[i]))
			return (enum stats_health)i;
	l->bad = true;
	return STATS_UNKNOWN;
}

static bool
read_relay(struct line *l, struct stats_relay *r)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	line_want(l, "relay");
	line_string_to(l, r->name, sizeof(r->name));
	r->attempts = read_number(l, "attempts");
	for (i = 0; i < STATS_STATUSES; i++)
		r->rcpts[i] = read_number(l, statuses[i]);
	r->last_sec = read_number(l, "last");
	r->health = read_health(l);
	r->since_sec = read_number(l, "since");
	r->seen_sec = read_number(l, "seen");
	r->size_max = read_number(l, "size");
	r->failed_sec = read_number(l, "failed");
	r->failures = read_number(l, "failures");
	r->retry_sec = read_number(l, "retry");
	read_string(l, "dsn", r->dsn, sizeof(r->dsn));
	read_string(l, "why", r->why, sizeof(r->why));
	return line_end(l);
}

/* The next line that its checksum vouches for; false at the end. */
static bool
take_line(const char **p, size_t *n, struct line *l)
{
	struct slice text;
	const char *lf;
	size_t len;

	for (;;) {
		lf = *n > 0 ? memchr(*p, '\n', *n) : NULL;
		if (lf == NULL)
			return false;
		len = (size_t)(lf - *p);
		if (format_line_check(*p, len, &text))
			break;
		*p += len + 1;
		*n -= len + 1;
	}
	line_of(l, text.p, text.n);
	*p += len + 1;
	*n -= len + 1;
	return true;
}

void
stats_parse(const char *p, size_t n, struct stats *s)
{
	struct stats_relay r;
	struct line l;

	memset(s, 0, sizeof(*s));
	if (!take_line(&p, &n, &l))
		return;
	line_want(&l, "stats");
	line_want(&l, "1");
	if (!line_end(&l))
		return;
	while (take_line(&p, &n, &l) && s->n < STATS_RELAYS_MAX)
		if (read_relay(&l, &r))
			*stats_relay(s, r.name) = r;
}

/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/id.h"
#include "core/base/text.h"
#include "core/mail/listing.h"

enum {
	ID_COLUMN = ID_LEN + 1,		/* with the flag behind the id */
	REASON_COLUMN = 76,		/* Postfix: flush right up to here */
	ADDR_SHOWN_MAX = 600,		/* bytes */
};

static const char *const names[] = {
	[LISTING_INCOMING] = "incoming", [LISTING_ACTIVE] = "active",
	[LISTING_DEFERRED] = "deferred", [LISTING_HOLD] = "hold",
	[LISTING_CORRUPT] = "corrupt",
};

const char *
listing_state_name(enum listing_state state)
{
	return names[state];
}

void
listing_text_no_runner(struct buf *b)
{
	/* No letter of A to F first: scripts take that for an id. */
	buf_adds(b, "No queue runner is alive: sendoffd is not running, "
	    "nothing is sent\n");
}

void
listing_text_head(struct buf *b)
{
	buf_adds(b, "------Queue ID------- --Size-- ---Arrival Time---- "
	    "--Sender/Recipient------\n");
}

/* As asctime, less the year: 19 characters. */
static void
add_time(struct buf *b, int64_t sec)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)sec;
	struct tm tm = { 0 };

	(void)localtime_r(&t, &tm);
	buf_addf(b, "%.3s %.3s %2d %02d:%02d:%02d", days + 3 * tm.tm_wday,
	    months + 3 * tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
}

static void
add_addr(struct buf *b, const char *addr)
{
	text_clean(b, addr, strlen(addr), ADDR_SHOWN_MAX);
}

static void
add_reason(struct buf *b, const char *reason)
{
	struct buf text;

	buf_init(&text, LISTING_REASON_MAX);
	text_clean(&text, reason, strlen(reason), LISTING_REASON_MAX);
	buf_addf(b, "%*s(%s)\n", text.n < REASON_COLUMN ?
	    REASON_COLUMN - (int)text.n : 0, "", buf_str(&text));
	buf_free(&text);
}

static bool
is_set(const char *s)
{
	return s != NULL && s[0] != '\0';
}

void
listing_text(struct buf *b, const struct listing_msg *m,
    struct listing_total *total)
{
	const struct listing_rcpt *r;
	const char *last = NULL;
	char id[ID_SIZE + 1];
	size_t i;

	(void)snprintf(id, sizeof(id), "%s%s", m->id,
	    m->state == LISTING_ACTIVE ? "*" :
	    m->state == LISTING_HOLD ? "!" : "");
	if (total->n > 0)
		buf_addc(b, '\n');
	total->n++;
	total->bytes += m->size;
	buf_addf(b, "%-*s %8jd ", ID_COLUMN, id, (intmax_t)m->size);
	add_time(b, m->arrival_sec);
	buf_addc(b, ' ');
	add_addr(b, m->sender == NULL ? "?" : m->sender[0] == '\0' ?
	    "MAILER-DAEMON" : m->sender);
	buf_addc(b, '\n');
	if (m->state == LISTING_CORRUPT)
		add_reason(b, "cannot be read: it was moved to corrupt/");
	/* A reason stands once before the recipients that share it. */
	for (i = 0; i < m->nrcpts; i++) {
		r = &m->rcpts[i];
		if (is_set(r->reason) && (last == NULL ||
		    strcmp(last, r->reason) != 0))
			add_reason(b, r->reason);
		last = is_set(r->reason) ? r->reason : NULL;
		buf_addf(b, "%*s", ID_COLUMN + 1 + 8 + 1 + 19 + 1, "");
		add_addr(b, r->addr);
		buf_addc(b, '\n');
	}
}

void
listing_text_tail(struct buf *b, const struct listing_total *total,
    enum conf_trailer trailer, const char *dir)
{
	if (total->n == 0) {
		if (trailer != CONF_TRAILER_POSTFIX) {
			text_clean(b, dir, strlen(dir), ADDR_SHOWN_MAX);
			buf_adds(b, " is empty\n\t\tTotal requests: 0\n");
		}
		if (trailer != CONF_TRAILER_SENDMAIL)
			buf_adds(b, "Mail queue is empty\n");
		return;
	}
	buf_addc(b, '\n');
	if (trailer != CONF_TRAILER_POSTFIX)
		buf_addf(b, "\t\tTotal requests: %zu\n", total->n);
	if (trailer != CONF_TRAILER_SENDMAIL)
		buf_addf(b, "-- %jd Kbytes in %zu Request%s.\n",
		    (intmax_t)(total->bytes / 1024), total->n,
		    total->n == 1 ? "" : "s");
}

static void
json_text(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, ",\"%s\":", name);
	if (value != NULL)
		text_json(b, value, strlen(value));
	else
		buf_adds(b, "null");
}

/* A number; what is below min is not known. */
static void
json_number(struct buf *b, const char *name, int64_t value, int64_t min)
{
	if (value < min)
		buf_addf(b, ",\"%s\":null", name);
	else
		buf_addf(b, ",\"%s\":%jd", name, (intmax_t)value);
}

static void
json_rcpt(struct buf *b, const struct listing_rcpt *r)
{
	bool tried = is_set(r->dsn) || is_set(r->reason);

	buf_adds(b, "{\"address\":");
	text_json(b, r->addr, strlen(r->addr));
	json_text(b, "delay_reason", is_set(r->reason) ? r->reason : NULL);
	json_text(b, "orig_address", r->orig);
	json_text(b, "status", tried ? "deferred" : NULL);
	json_text(b, "dsn", is_set(r->dsn) ? r->dsn : NULL);
	buf_addc(b, '}');
}

void
listing_json(struct buf *b, const struct listing_msg *m)
{
	size_t i;

	buf_addf(b, "{\"queue_name\":\"%s\"", names[m->state]);
	json_text(b, "queue_id", m->id);
	json_number(b, "arrival_time", m->arrival_sec, 0);
	json_number(b, "message_size", m->size, 0);
	json_text(b, "sender", m->sender != NULL && m->sender[0] == '\0' ?
	    "MAILER-DAEMON" : m->sender);
	buf_adds(b, ",\"recipients\":[");
	for (i = 0; i < m->nrcpts; i++) {
		if (i > 0)
			buf_addc(b, ',');
		json_rcpt(b, &m->rcpts[i]);
	}
	buf_addc(b, ']');
	json_number(b, "uid", m->uid, 0);
	json_number(b, "attempts", m->attempts, 0);
	json_number(b, "last_attempt", m->last_sec, 1);
	json_number(b, "next_attempt", m->next_sec, 1);
	json_number(b, "expires", m->expires_sec, 1);
	json_text(b, "envelope_id", m->envid);
	buf_adds(b, "}\n");
}

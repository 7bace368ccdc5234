/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/crc32c.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/mail/addr.h"

#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/report.h"
#include "cmd/sendoffd/whom.h"

enum {
	COPY_BYTES = 32 * 1024,		/* of the original, at once */
	ROOM_BYTES = 64 * 1024,		/* the report around the original */
	REPORT_MAX = 64 * 1024 * 1024,	/* of what dsn_begin writes */
};

static int
machine_zone_min(int64_t sec)
{
	time_t t = (time_t)sec;
	struct tm tm;

	return localtime_r(&t, &tm) != NULL ? (int)(tm.tm_gmtoff / 60) : 0;
}

static bool
any_failed(const struct dsn_rcpt *dsns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dsns[i].action == DSN_FAILED)
			return true;
	return false;
}

/* A report that the relay refuses is one that nobody reads. What stands in a
 * message/rfc822 cannot be re-encoded on the way, so an original that would
 * have to be does not go back whole. */
static bool
fits_relay(const struct queue_msg *msg, const struct relay *relay)
{
	int64_t whole = msg->size + ROOM_BYTES;

	if (relay->size_max != 0 && whole > relay->size_max)
		return false;
	if ((msg->env.flags & (ENVELOPE_8BIT_BODY | ENVELOPE_8BIT_HEADER)) !=
	    0 && (relay->caps & JOB_CAP_8BITMIME) == 0)
		return false;
	return (msg->env.flags & ENVELOPE_LONG_LINES) == 0 ||
	    (relay->conf != NULL && relay->conf->long_lines_keep);
}

/* Does the whole original go back (RFC 3461 6.2, 5.1)? */
static bool
wants_full(const struct attempt *a, const struct envelope *report, bool failed)
{
	const struct queue_msg *msg = a->msg;
	const struct conf *c = &a->site->conf;
	int64_t whole = msg->size + ROOM_BYTES;

	if (!failed || (report->flags & ENVELOPE_DOUBLE) != 0 ||
	    msg->env.ret == RET_HDRS || (msg->env.ret == RET_NONE &&
	    c->bounce_return != CONF_RETURN_FULL))
		return false;
	if (c->max_message_size != 0 && whole > c->max_message_size)
		return false;
	return report->nrcpts == 0 ||
	    fits_relay(msg, &site_lane(a->site, report, 0)->relay);
}

/* How long the header section is, with the line end of its last line. */
static int
header_size(const struct queue_msg *msg, int64_t *size, struct err *err)
{
	char p[COPY_BYTES];
	int64_t off = 0;
	size_t n, i, match = 2;		/* an empty line may come first */

	while (off < msg->size) {
		n = sizeof(p);
		if ((int64_t)n > msg->size - off)
			n = (size_t)(msg->size - off);
		if (queue_msg_read(msg, off, p, n, err) == -1)
			return -1;
		for (i = 0; i < n; i++) {
			if (p[i] == "\r\n\r\n"[match])
				match++;
			else
				match = p[i] == '\r';
			if (match == 4) {
				*size = off + (int64_t)i + 1 - 2;
				return 0;
			}
		}
		off += (int64_t)n;
	}
	*size = msg->size;
	return 0;
}

static int
copy_original(const struct queue_msg *msg, int64_t size, struct draft *d,
    struct err *err)
{
	char p[COPY_BYTES];
	int64_t off;
	size_t n;

	for (off = 0; off < size; off += (int64_t)n) {
		n = sizeof(p);
		if ((int64_t)n > size - off)
			n = (size_t)(size - off);
		if (queue_msg_read(msg, off, p, n, err) == -1 ||
		    draft_write(d, p, n, err) == -1)
			return -1;
	}
	return 0;
}

static int
write_buf(struct draft *d, struct buf *b, struct err *err)
{
	int ret = draft_write(d, buf_str(b), b->n, err);

	buf_reset(b);
	return ret;
}

/* The report's text into a draft that was begun. */
static int
write_report(const struct attempt *a, struct dsn *dsn, struct draft *d,
    struct err *err)
{
	const struct queue_msg *msg = a->msg;
	int64_t size = msg->size;
	struct buf text;
	int ret = -1;

	buf_init(&text, REPORT_MAX);
	if (!dsn->full && header_size(msg, &size, err) == -1)
		goto out;
	dsn_begin(dsn, &text);
	if (text.over) {
		err_set(err, ERR_TEMP, "4.3.0", "the report is too large");
		goto out;
	}
	if (write_buf(d, &text, err) == -1 ||
	    copy_original(msg, size, d, err) == -1)
		goto out;
	dsn_end(dsn, &text);
	ret = write_buf(d, &text, err);
out:
	buf_free(&text);
	return ret;
}

/* What the original has that a report around it has too. */
static unsigned
flags_of(const struct dsn *dsn)
{
	unsigned flags = 0;

	if (dsn->original_8bit)
		flags |= ENVELOPE_8BIT_BODY;
	if ((dsn->env->flags & ENVELOPE_LONG_LINES) != 0)
		flags |= ENVELOPE_LONG_LINES;
	if (dsn_utf8(dsn))
		flags |= ENVELOPE_8BIT_HEADER | ENVELOPE_SMTPUTF8;
	return flags;
}

static const char *
what_for(const struct dsn_rcpt *dsns, size_t n)
{
	if (any_failed(dsns, n))
		return "non-delivery";
	return dsns[0].action == DSN_DELAYED ? "delay" : "delivery status";
}

static int
queue_report(struct attempt *a, struct envelope *env, struct dsn *dsn,
    struct err *err)
{
	struct runner *r = a->runner;
	struct draft d;
	char id[ID_SIZE];
	int ret;

	if (draft_create(r->queue, &d, err) == -1)
		return -1;
	memcpy(id, d.id, sizeof(id));
	dsn->id = id;
	ret = draft_begin(&d, env, err);
	if (ret == 0)
		ret = write_report(a, dsn, &d, err);
	dsn->id = NULL;
	if (ret == -1) {
		draft_abort(&d);
		return -1;
	}
	if (draft_commit(&d, flags_of(dsn), err) == -1)
		return -1;
	log_mail("bounce", "%s: %s %s notification: %s", a->msg->env.id,
	    (env->flags & ENVELOPE_DOUBLE) != 0 ? "postmaster" : "sender",
	    what_for(dsn->rcpts, dsn->nrcpts), id);
	dispatch_report(r, id);
	return 0;
}

/*
 * Whom to tell goes into env; a sender who cannot be told is a report that
 * failed, and so the postmaster's. *to is the address that it is about.
 */
static int
address(const struct attempt *a, const char *sender, struct envelope *env,
    const char **to, struct err *err)
{
	const struct conf *c = &a->site->conf;
	const struct envelope *from = &a->msg->env;

	env->flags = ENVELOPE_REPORT;
	*to = sender;
	if (!site_is_report(a->site, from) && sender[0] != '\0' &&
	    whom_add(a->site, env, sender, err) == -1)
		return -1;
	if (env->nrcpts > 0)
		return 0;
	env->flags |= ENVELOPE_DOUBLE;
	*to = c->bounce_postmaster;
	if (*to != NULL && (from->flags & ENVELOPE_DOUBLE) == 0 &&
	    whom_add(a->site, env, *to, err) == -1)
		return -1;
	if (env->nrcpts == 0)
		log_error("%s: undeliverable report dropped", from->id);
	return 0;
}

static int
make_report(struct attempt *a, struct envelope *env, const char *to,
    struct dsn_rcpt *dsns, size_t n, struct err *err)
{
	const struct conf *c = &a->site->conf;
	const struct envelope *from = &a->msg->env;
	struct dsn dsn = {
		.env = from, .rcpts = dsns, .nrcpts = n,
		.now_us = env->arrival_us,
		.zone_min = machine_zone_min(env->arrival_us / 1000000),
		.hostname = c->hostname, .from = c->bounce_from,
		.references = from->message_id,
		.full = wants_full(a, env, any_failed(dsns, n)),
	};
	char *whole = addr_complete(to, c->domain);
	int ret;

	dsn.to = whole;
	dsn.original_8bit = (from->flags & (dsn.full ?
	    ENVELOPE_8BIT_HEADER | ENVELOPE_8BIT_BODY :
	    ENVELOPE_8BIT_HEADER)) != 0;
	ret = queue_report(a, env, &dsn, err);
	mem_free(whole);
	return ret;
}

static bool
was_asked_for(const struct dsn_rcpt *dsns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dsns[i].action == DSN_RELAYED)
			return true;
	return false;
}

/* Has `to` had as many reports as anybody can read? */
static bool
is_too_many(const struct attempt *a, const char *to)
{
	return !allowance_take(&a->runner->reports,
	    crc32c(0, to, strlen(to)), clock_tick_ms());
}

static enum report_result
hold_back(const struct attempt *a, const char *to)
{
	const struct envelope *from = &a->msg->env;
	struct schedule_conf c = site_schedule(a->site, from);

	if (clock_wall_sec() - from->arrival_us / 1000000 > c.lifetime_sec) {
		log_error("%s: too many reports to <%s>, dropped", from->id,
		    to);
		return REPORT_MADE;
	}
	log_info("%s: too many reports to <%s>, this one waits", from->id,
	    to);
	return REPORT_LATER;
}

static enum report_result
send(struct attempt *a, struct envelope *env, const char *sender,
    struct dsn_rcpt *dsns, size_t n, struct err *err)
{
	const struct conf *c = &a->site->conf;
	const char *to;

	if (address(a, sender, env, &to, err) == -1) {
		if (was_asked_for(dsns, n))
			return REPORT_FAILED;
		log_error("%s: report waits: %s", a->msg->env.id, err->text);
		return REPORT_LATER;
	}
	if (env->nrcpts == 0)
		return REPORT_MADE;
	if (is_too_many(a, to) && !was_asked_for(dsns, n))
		return hold_back(a, to);
	mem_free(env->sender);
	env->sender = mem_str(c->bounce_sender != NULL ? c->bounce_sender :
	    "");
	return make_report(a, env, to, dsns, n, err) == 0 ? REPORT_MADE :
	    REPORT_FAILED;
}

enum report_result
report_send(struct attempt *a, const char *sender, struct dsn_rcpt *dsns,
    size_t n, struct err *err)
{
	struct envelope env;
	enum report_result result;

	envelope_init(&env);
	env.arrival_us = clock_wall_us();
	env.uid = getuid();
	result = send(a, &env, sender, dsns, n, err);
	if (result == REPORT_FAILED)
		err_ctx(err, "message %s: report", a->msg->env.id);
	envelope_free(&env);
	return result;
}

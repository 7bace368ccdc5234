/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/date.h"
#include "core/mail/dsn.h"
#include "core/mail/dsn_text.h"

enum {
	TEXT_MAX = 128 * 1024 * 1024,	/* bytes; recipients bound it first */
};

static const struct {
	const char	*word;		/* RFC 3464 2.3.3 */
	const char	*subject;
	char		 class;		/* of the status; 0: as it is */
} actions[] = {
	[DSN_FAILED] = { "failed", "Undelivered Mail Returned to Sender", 0 },
	[DSN_DELAYED] = { "delayed", "Delayed Mail (still being retried)",
	    '4' },
	[DSN_DELIVERED] = { "delivered",
	    "Delivery Status Notification (Success)", '2' },
	[DSN_RELAYED] = { "relayed",
	    "Delivery Status Notification (Success)", '2' },
	[DSN_EXPANDED] = { "expanded",
	    "Delivery Status Notification (Success)", '2' },
};

bool
dsn_utf8(const struct dsn *d)
{
	struct err err;
	char *from;
	bool utf8 = !text_is_ascii(d->to, strlen(d->to));

	if (addr_parse(d->from, strlen(d->from), &from, &err) == 0) {
		utf8 = utf8 || !text_is_ascii(from, strlen(from));
		mem_free(from);
	}
	return utf8;
}

/* The worst that happened. */
static enum dsn_action
worst(const struct dsn *d)
{
	enum dsn_action action = DSN_EXPANDED;
	size_t i;

	for (i = 0; i < d->nrcpts; i++)
		if (d->rcpts[i].action < action)
			action = d->rcpts[i].action;
	return action;
}

static bool
is_8bit(const struct dsn *d)
{
	return d->original_8bit || dsn_utf8(d);
}

static void
add_header(const struct dsn *d, struct buf *out)
{
	if (!part_mailbox(out, "From", d->from))
		buf_addf(out, "From: Mail Delivery System <MAILER-DAEMON@%s>"
		    "\r\n", d->hostname);
	buf_addf(out, "To: %s\r\n", d->to);
	buf_addf(out, "Subject: %s\r\nDate: ", actions[worst(d)].subject);
	date_add(out, d->now_us, d->zone_min);
	buf_addf(out, "\r\nMessage-ID: <%s@%s>\r\n", d->id, d->hostname);
	if (d->references != NULL && d->references[0] == '<' &&
	    text_is_line(d->references, strlen(d->references)))
		buf_addf(out, "In-Reply-To: %s\r\nReferences: %s\r\n",
		    d->references, d->references);
	buf_addf(out, "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"%s\"\r\n", d->boundary);
	if (is_8bit(d))
		buf_adds(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_adds(out, "\r\nThis is a report in MIME format.\r\n");
}

static void
add_date(struct buf *out, const struct dsn *d, const char *name, int64_t us)
{
	buf_addf(out, "%s: ", name);
	date_add(out, us, d->zone_min);
	buf_adds(out, "\r\n");
}

static void
add_message_fields(const struct dsn *d, struct buf *out, bool utf8)
{
	if (d->env->envid != NULL)
		part_field(out, "Original-Envelope-Id", d->env->envid, utf8);
	part_fieldf(out, "Reporting-MTA", utf8, "dns; %s", d->hostname);
	if (d->env->id[0] != '\0')
		part_field(out, "X-Sendoff-Queue-Id", d->env->id, utf8);
	add_date(out, d, "Arrival-Date", d->env->arrival_us);
}

static void
add_status(const struct dsn_rcpt *r, struct buf *out)
{
	struct outcome o = *r->outcome;
	char class = actions[r->action].class;

	/* RFC 3464 has 5.y.z for failed, but 4.4.7 for what took too long. */
	if (o.verdict == OUTCOME_NONE)
		o.verdict = class == '2' ? OUTCOME_SENT :
		    class == '4' ? OUTCOME_DEFERRED : OUTCOME_FAILED;
	outcome_fix_dsn(&o);
	if (class != 0)
		o.dsn[0] = class;
	else if (o.verdict != OUTCOME_EXPIRED)
		o.dsn[0] = '5';
	buf_addf(out, "Status: %s\r\n", o.dsn);
}

/* "host[address]:port" is shown to people; the field wants the name. */
static void
add_remote(const struct outcome *o, struct buf *out, bool utf8)
{
	size_t host = strcspn(o->relay, "[");
	size_t literal = strcspn(o->relay, "]") + 1;

	if (host > 0)
		part_fieldf(out, "Remote-MTA", utf8, "dns; %.*s", (int)host,
		    o->relay);
	else if (literal <= strlen(o->relay))
		part_fieldf(out, "Remote-MTA", utf8, "dns; %.*s",
		    (int)literal, o->relay);
}

/* The relay's own words begin with its code. */
static bool
is_reply(const struct outcome *o)
{
	return o->code != 0 && strspn(o->text, "0123456789") == 3 &&
	    (o->text[3] == '\0' || o->text[3] == ' ');
}

static void
add_rcpt_fields(const struct dsn *d, const struct dsn_rcpt *r,
    struct buf *out, bool utf8)
{
	const struct outcome *o = r->outcome;

	buf_adds(out, "\r\n");
	if (r->rcpt->orcpt != NULL)
		part_typed(out, "Original-Recipient", r->rcpt->orcpt, utf8);
	else if (r->rcpt->orig != NULL)
		part_address(out, "Original-Recipient", NULL, r->rcpt->orig,
		    utf8);
	part_address(out, "Final-Recipient", NULL, r->rcpt->addr, utf8);
	buf_addf(out, "Action: %s\r\n", actions[r->action].word);
	add_status(r, out);
	add_remote(o, out, utf8);
	if (o->text[0] != '\0')
		part_fieldf(out, "Diagnostic-Code", utf8, "%s; %s",
		    is_reply(o) ? "smtp" : "x-sendoff", o->text);
	if (r->last_sec != 0)
		add_date(out, d, "Last-Attempt-Date", r->last_sec * 1000000);
	if (r->action == DSN_DELAYED && r->retry_until_sec != 0)
		add_date(out, d, "Will-Retry-Until",
		    r->retry_until_sec * 1000000);
}

static void
add_third_head(const struct dsn *d, struct buf *out)
{
	static const char *const types[2][2] = {
		{ "text/rfc822-headers", "message/rfc822" },
		{ "message/global-headers", "message/global" },
	};

	part_delimit(out, d->boundary);
	buf_addf(out, "Content-Type: %s\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    types[d->original_8bit && dsn_utf8(d)][d->full],
	    d->original_8bit ? "8bit" : "7bit");
}

void
dsn_begin(struct dsn *d, struct buf *out)
{
	struct buf text;
	bool utf8 = dsn_utf8(d);
	size_t i;

	part_boundary(d->boundary);
	add_header(d, out);
	part_delimit(out, d->boundary);
	buf_init(&text, TEXT_MAX);
	dsn_text(d, &text);
	part_text(out, &text);
	buf_free(&text);
	part_delimit(out, d->boundary);
	buf_addf(out, "Content-Type: message/%sdelivery-status\r\n",
	    utf8 ? "global-" : "");
	buf_addf(out, "Content-Transfer-Encoding: %s\r\n\r\n",
	    utf8 ? "8bit" : "7bit");
	add_message_fields(d, out, utf8);
	for (i = 0; i < d->nrcpts; i++)
		add_rcpt_fields(d, &d->rcpts[i], out, utf8);
	add_third_head(d, out);
}

void
dsn_end(const struct dsn *d, struct buf *out)
{
	buf_addf(out, "\r\n--%s--\r\n", d->boundary);
}

/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/report.h"

static void
say(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_addf(b, "%s: ", name);
	text_clean(b, value, strlen(value), 4 * REPORT_VALUE_MAX);
	buf_addc(b, '\n');
}

void
report_text(const struct report *r, struct buf *b)
{
	const struct report_rcpt *rcpt;
	size_t i;

	say(b, "report", r->kind == REPORT_DSN ? "delivery" : "disposition");
	say(b, "from", r->reporting_mta);
	say(b, "envelope id", r->envelope_id);
	say(b, "message id", r->message_id);
	say(b, "arrived", r->arrival_date);
	say(b, "disposition", r->disposition);
	for (i = 0; i < r->nmodifiers; i++)
		say(b, "modifier", r->modifiers[i]);
	say(b, "action", r->action_mode);
	say(b, "sending", r->sending_mode);
	for (i = 0; i < r->nrcpts; i++) {
		rcpt = &r->rcpts[i];
		buf_addc(b, '\n');
		say(b, "recipient", rcpt->final);
		say(b, "original recipient", rcpt->original);
		say(b, "action", rcpt->action);
		say(b, "status", rcpt->status);
		say(b, "diagnostic", rcpt->diagnostic);
		say(b, "remote", rcpt->remote_mta);
		say(b, "last attempt", rcpt->last_attempt);
		say(b, "tried until", rcpt->will_retry_until);
	}
}

static void
put(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s\"%s\":", b->n > 0 && strchr("{[", b->p[b->n - 1]) !=
	    NULL ? "" : ",", name);
	if (value == NULL)
		buf_adds(b, "null");
	else
		text_json(b, value, strlen(value));
}

static void
put_disposition(struct buf *b, const struct report *r)
{
	size_t i;

	put(b, "disposition", r->disposition);
	put(b, "action_mode", r->action_mode);
	put(b, "sending_mode", r->sending_mode);
	buf_adds(b, ",\"modifiers\":[");
	for (i = 0; i < r->nmodifiers; i++) {
		buf_adds(b, i > 0 ? "," : "");
		text_json(b, r->modifiers[i], strlen(r->modifiers[i]));
	}
	buf_addc(b, ']');
}

void
report_json(const struct report *r, struct buf *b)
{
	const struct report_rcpt *rcpt;
	size_t i;

	buf_addc(b, '{');
	put(b, "kind", r->kind == REPORT_DSN ? "dsn" : "mdn");
	put(b, "reporting_mta", r->reporting_mta);
	put(b, "envelope_id", r->envelope_id);
	put(b, "arrival_date", r->arrival_date);
	put(b, "original_message_id", r->message_id);
	if (r->kind == REPORT_MDN)
		put_disposition(b, r);
	buf_adds(b, ",\"recipients\":[");
	for (i = 0; i < r->nrcpts; i++) {
		rcpt = &r->rcpts[i];
		buf_adds(b, i > 0 ? ",{" : "{");
		put(b, "final_recipient", rcpt->final);
		put(b, "original_recipient", rcpt->original);
		put(b, "action", rcpt->action);
		put(b, "status", rcpt->status);
		put(b, "diagnostic", rcpt->diagnostic);
		put(b, "remote_mta", rcpt->remote_mta);
		put(b, "last_attempt", rcpt->last_attempt);
		put(b, "will_retry_until", rcpt->will_retry_until);
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
	put(b, "problem", r->problem);
	buf_adds(b, "}\n");
}

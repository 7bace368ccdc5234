/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/header.h"
#include "core/mail/media.h"
#include "core/mail/report.h"
#include "core/mail/report_part.h"

char *
report_value(const char *p, size_t n)
{
	struct slice s = text_trim(p, n);
	struct buf b;
	char *value;
	size_t i, run;
	bool line_end;

	buf_init(&b, REPORT_VALUE_MAX);
	for (i = 0; i < s.n && !b.over; i += run) {
		line_end = false;
		for (run = 0; i + run < s.n && text_is_space(s.p[i + run]);)
			line_end |= s.p[i + run++] == '\n';
		if (line_end) {
			buf_addc(&b, ' ');
			continue;
		}
		if (run == 0)
			run = 1;
		if (s.p[i] != '\0')
			buf_add(&b, s.p + i, run);
	}
	value = b.n > 0 ? buf_take(&b) : NULL;
	buf_free(&b);
	return value;
}

struct report_rcpt *
report_add(struct report *r)
{
	if (r->nrcpts == REPORT_RCPT_MAX) {
		report_problem(r, "more recipients than can be read");
		return NULL;
	}
	/* Capacities are powers of two, so n tells when it is full. */
	if ((r->nrcpts & (r->nrcpts - 1)) == 0)
		r->rcpts = mem_array(r->rcpts,
		    r->nrcpts > 0 ? r->nrcpts * 2 : 1, sizeof(*r->rcpts));
	r->rcpts[r->nrcpts] = (struct report_rcpt){ 0 };
	return &r->rcpts[r->nrcpts++];
}

void
report_problem(struct report *r, const char *what)
{
	if (r->problem == NULL)
		r->problem = what;
}

struct slice
report_section(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] != '\n')
			continue;
		if (i + 1 < s.n && s.p[i + 1] == '\n')
			break;
		if (i + 2 < s.n && s.p[i + 1] == '\r' && s.p[i + 2] == '\n')
			break;
	}
	return (struct slice){ s.p, i < s.n ? i + 1 : s.n };
}

void
report_take_message_id(struct report *r, struct slice section)
{
	struct header_field f;

	if (r->message_id == NULL &&
	    header_find(section.p, section.n, "Message-ID", &f))
		r->message_id = report_value(f.body.p, f.body.n);
}

static bool
is_status(const char *s)
{
	size_t i, digits;

	if (s[0] < '2' || s[0] > '5' || s[0] == '3')
		return false;
	s++;
	for (i = 0; i < 2; i++) {
		if (*s != '.')
			return false;
		digits = strspn(s + 1, "0123456789");
		if (digits < 1 || digits > 3)
			return false;
		s += 1 + digits;
	}
	return *s == '\0';
}

static bool
is_action(const char *s)
{
	static const char *const actions[] = { "failed", "delayed",
		"delivered", "relayed", "expanded" };
	size_t i;

	for (i = 0; i < NELEM(actions); i++)
		if (strcmp(s, actions[i]) == 0)
			return true;
	return false;
}

static void
judge_rcpt(struct report *r, const struct report_rcpt *rcpt)
{
	if (rcpt->final == NULL)
		report_problem(r, "a recipient without Final-Recipient");
	if (r->kind == REPORT_MDN)
		return;
	if (rcpt->action == NULL)
		report_problem(r, "a recipient without Action");
	else if (!is_action(rcpt->action))
		report_problem(r, "an Action that is none of the five");
	if (rcpt->status == NULL)
		report_problem(r, "a recipient without Status");
	else if (!is_status(rcpt->status))
		report_problem(r, "a Status that is no status code");
}

static void
judge(struct report *r)
{
	size_t i;

	for (i = 0; i < r->nrcpts; i++)
		judge_rcpt(r, &r->rcpts[i]);
	if (r->nrcpts == 0)
		report_problem(r, "no recipient");
	if (r->kind == REPORT_MDN && r->disposition == NULL)
		report_problem(r, "no Disposition");
	if (r->kind == REPORT_DSN && r->reporting_mta == NULL)
		report_problem(r, "no Reporting-MTA");
}

/* "message/delivery-status" for "message/global-delivery-status" too. */
static bool
is_type(const struct media_part *part, const char *subtype)
{
	const char *have = part->type;

	if (strncmp(have, "message/", 8) != 0)
		return false;
	have += 8;
	if (strncmp(have, "global-", 7) == 0)
		have += 7;
	return strcmp(have, subtype) == 0;
}

static bool
is_original(const struct media_part *part)
{
	return is_type(part, "rfc822") || is_type(part, "headers") ||
	    strcmp(part->type, "message/global") == 0 ||
	    strcmp(part->type, "text/rfc822-headers") == 0;
}

static void
take_original(struct report *r, const struct media_part *part)
{
	struct buf b;

	buf_init(&b, part->body.n);
	media_decode(part, &b);
	report_take_message_id(r, report_section(buf_slice(&b)));
	buf_free(&b);
}

/* open: the last part has no end. That matters only where it is the one that
 * is read: of a long original the caller may have kept the beginning. */
static bool
take_notification(struct report *r, const struct media_part *parts, size_t n,
    bool open)
{
	struct buf b;
	size_t i, at = n;

	for (i = 0; i < n && at == n; i++) {
		if (is_type(&parts[i], "delivery-status"))
			r->kind = REPORT_DSN;
		else if (is_type(&parts[i], "disposition-notification"))
			r->kind = REPORT_MDN;
		else
			continue;
		at = i;
	}
	if (at == n)
		return false;
	buf_init(&b, parts[at].body.n);
	media_decode(&parts[at], &b);
	report_take_fields(r, buf_slice(&b));
	buf_free(&b);
	judge(r);
	if (open && at + 1 == n)
		report_problem(r, "it ends too early");
	for (i = at + 1; i < n; i++)
		if (is_original(&parts[i]))
			take_original(r, &parts[i]);
	return true;
}

/* The first text of a message that is no RFC 3464 report. */
static bool
take_old(struct report *r, struct slice header,
    const struct media_part *parts, size_t n)
{
	struct buf b;
	bool known = false;
	size_t i;

	for (i = 0; i < n && !known; i++) {
		if (strcmp(parts[i].type, "text/plain") != 0)
			continue;
		buf_init(&b, parts[i].body.n + 1);
		media_decode(&parts[i], &b);
		known = report_old(r, header, buf_slice(&b));
		buf_free(&b);
	}
	for (; known && i < n; i++)
		if (is_original(&parts[i]))
			take_original(r, &parts[i]);
	return known;
}

int
report_parse(struct report *r, struct slice header, struct slice body,
    struct err *err)
{
	struct media_part *parts = mem_zero(MEDIA_PARTS * sizeof(*parts));
	struct header_field f;
	bool open, known;
	size_t n;

	*r = (struct report){ 0 };
	n = media_parts(header, body, parts, &open);
	known = take_notification(r, parts, n, open) ||
	    take_old(r, header, parts, n);
	mem_free(parts);
	if (!known) {
		report_free(r);
		return err_set(err, ERR_DATA, "5.6.0",
		    "neither a delivery report nor a disposition report");
	}
	if (r->message_id == NULL &&
	    header_find(header.p, header.n, "In-Reply-To", &f))
		r->message_id = report_value(f.body.p, f.body.n);
	return 0;
}

static void
free_rcpt(struct report_rcpt *rcpt)
{
	mem_free(rcpt->final);
	mem_free(rcpt->original);
	mem_free(rcpt->action);
	mem_free(rcpt->status);
	mem_free(rcpt->diagnostic);
	mem_free(rcpt->remote_mta);
	mem_free(rcpt->last_attempt);
	mem_free(rcpt->will_retry_until);
}

void
report_free(struct report *r)
{
	size_t i;

	for (i = 0; i < r->nrcpts; i++)
		free_rcpt(&r->rcpts[i]);
	for (i = 0; i < r->nmodifiers; i++)
		mem_free(r->modifiers[i]);
	mem_free(r->rcpts);
	mem_free(r->modifiers);
	mem_free(r->reporting_mta);
	mem_free(r->envelope_id);
	mem_free(r->arrival_date);
	mem_free(r->message_id);
	mem_free(r->disposition);
	mem_free(r->action_mode);
	mem_free(r->sending_mode);
	*r = (struct report){ 0 };
}

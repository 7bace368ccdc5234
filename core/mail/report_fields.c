/* SPDX-License-Identifier: ISC */
/*
 * report_fields - the second part of a report: fields into values.
 */
#include <stddef.h>
#include <string.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/header.h"
#include "core/mail/report_part.h"
#include "core/mail/xtext.h"

enum how {
	HOW_PLAIN,		/* as it stands */
	HOW_ENVID,		/* the same, but some forget to decode it */
	HOW_WORD,		/* one word, lower case; comments go */
	HOW_TYPED,		/* behind "type;" */
	HOW_ADDRESS,		/* the same, decoded */
	HOW_DISPOSITION,
	HOW_REMARK,		/* may stand often; the first is kept */
};

enum whose {
	WHOSE_MESSAGE, WHOSE_RCPT,
};

/* Both kinds of report in one table: no name means two things. */
static const struct field {
	const char	*name;
	enum whose	 whose;
	enum how	 how;
	size_t		 offset;	/* of the char * that takes it */
} fields[] = {
#define MESSAGE(name, how, member) \
	{ name, WHOSE_MESSAGE, how, offsetof(struct report, member) }
#define RCPT(name, how, member) \
	{ name, WHOSE_RCPT, how, offsetof(struct report_rcpt, member) }
	MESSAGE("Original-Envelope-Id", HOW_ENVID, envelope_id),
	MESSAGE("Reporting-MTA", HOW_TYPED, reporting_mta),
	MESSAGE("Arrival-Date", HOW_PLAIN, arrival_date),
	MESSAGE("Reporting-UA", HOW_PLAIN, reporting_mta),
	MESSAGE("Original-Message-ID", HOW_PLAIN, message_id),
	MESSAGE("Disposition", HOW_DISPOSITION, disposition),
	RCPT("Original-Recipient", HOW_ADDRESS, original),
	RCPT("Final-Recipient", HOW_ADDRESS, final),
	RCPT("Action", HOW_WORD, action),
	RCPT("Status", HOW_WORD, status),
	RCPT("Remote-MTA", HOW_TYPED, remote_mta),
	RCPT("Diagnostic-Code", HOW_TYPED, diagnostic),
	RCPT("Last-Attempt-Date", HOW_PLAIN, last_attempt),
	RCPT("Will-Retry-Until", HOW_PLAIN, will_retry_until),
	RCPT("Error", HOW_REMARK, diagnostic),
	RCPT("Failure", HOW_REMARK, diagnostic),
	RCPT("Warning", HOW_REMARK, diagnostic),
#undef MESSAGE
#undef RCPT
};

/* A value without the comments in it (RFC 822 had them everywhere). */
static void
uncomment(char *s)
{
	size_t depth = 0, i, n = 0;

	for (i = 0; s[i] != '\0'; i++) {
		if (s[i] == '(')
			depth++;
		if (depth == 0)
			s[n++] = s[i];
		if (s[i] == ')' && depth > 0)
			depth--;
	}
	while (n > 0 && text_is_space(s[n - 1]))
		n--;
	s[n] = '\0';
}

static char *
word_of(char *value)
{
	size_t i;

	uncomment(value);
	for (i = 0; value[i] != '\0' && !text_is_space(value[i]); i++)
		value[i] = text_lower(value[i]);
	value[i] = '\0';
	return value;
}

static char *
behind_type(const char *value)
{
	const char *semi = strchr(value, ';');

	if (semi == NULL)
		return mem_str(value);
	return report_value(semi + 1, strlen(semi + 1));
}

/*
 * Exim repeats the xtext of ENVID and ORCPT as it got it, where RFC 3464 wants
 * what it stands for. It is taken for that only if it holds nothing that xtext
 * would have to encode, and encodes nothing but what it has to. Takes value.
 */
static char *
undo_xtext(char *value, char lowest)
{
	size_t n = strlen(value), i;
	struct buf plain, again;
	bool is_xtext;

	buf_init(&plain, n + 1);
	buf_init(&again, n + 1);
	is_xtext = strchr(value, '+') != NULL &&
	    xtext_decode(&plain, value, n);
	for (i = 0; is_xtext && i < plain.n; i++)
		is_xtext = plain.p[i] >= lowest && plain.p[i] < 0x7f;
	if (is_xtext)
		xtext_encode(&again, plain.p, plain.n);
	if (is_xtext && again.n == n && memcmp(again.p, value, n) == 0) {
		mem_free(value);
		value = buf_take(&plain);
	}
	buf_free(&plain);
	buf_free(&again);
	return value;
}

/* "type; address": decoded where the type says how, and without the <> that
 * some put around it. */
static char *
address_of(const char *value)
{
	const char *semi = strchr(value, ';');
	char *addr = behind_type(value);
	size_t n = addr != NULL ? strlen(addr) : 0;
	struct slice type = { "", 0 };
	struct buf b;

	if (n == 0)
		return addr;
	buf_init(&b, REPORT_VALUE_MAX);
	if (semi != NULL)
		type = text_trim(value, (size_t)(semi - value));
	if (!slice_case_eq(type, "utf-8") || !xtext_utf8_decode(&b, addr, n)) {
		if (n > 2 && addr[0] == '<' && addr[n - 1] == '>')
			buf_add(&b, addr + 1, n - 2);
		else
			buf_add(&b, addr, n);
	}
	mem_free(addr);
	addr = buf_take(&b);
	buf_free(&b);
	return undo_xtext(addr, '!');
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = text_lower(*s);
}

static void
add_modifiers(struct report *r, const char *p)
{
	size_t n;
	char *value;

	for (; *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		value = report_value(p, n);
		if (value == NULL)
			continue;
		lower(value);
		r->modifiers = mem_array(r->modifiers, r->nmodifiers + 1,
		    sizeof(*r->modifiers));
		r->modifiers[r->nmodifiers++] = value;
	}
}

/* One of the two words that RFC 8098 has, in its spelling; else NULL. */
static char *
mode_of(const char *p, size_t n, const char *a, const char *b)
{
	struct slice s = text_trim(p, n);

	if (slice_case_eq(s, a))
		return mem_str(a);
	return slice_case_eq(s, b) ? mem_str(b) : NULL;
}

/* action-mode "/" sending-mode ";" type [ "/" modifier *("," modifier) ] */
static void
take_disposition(struct report *r, char *value)
{
	const char *semi, *slash, *type;
	size_t n;

	/* One before had its modes, but no type. */
	if (r->action_mode != NULL || r->sending_mode != NULL)
		return;
	uncomment(value);
	semi = strchr(value, ';');
	slash = strchr(value, '/');
	if (semi != NULL && slash != NULL && slash < semi) {
		r->action_mode = mode_of(value, (size_t)(slash - value),
		    "manual-action", "automatic-action");
		r->sending_mode = mode_of(slash + 1,
		    (size_t)(semi - slash - 1), "MDN-sent-manually",
		    "MDN-sent-automatically");
	}
	if (r->action_mode == NULL || r->sending_mode == NULL)
		report_problem(r, "a Disposition with unknown modes");
	type = semi != NULL ? semi + 1 : value;
	n = strcspn(type, "/");
	r->disposition = report_value(type, n);
	if (r->disposition == NULL)
		report_problem(r, "a Disposition without a type");
	else
		lower(r->disposition);
	if (type[n] == '/')
		add_modifiers(r, type + n + 1);
}

/* The value of a field into *slot; the first of its name stays. */
static void
put(struct report *r, char **slot, enum how how, char *value)
{
	if (*slot != NULL) {
		if (how != HOW_REMARK)
			report_problem(r, "a field that stands twice");
		mem_free(value);
		return;
	}
	switch (how) {
	case HOW_PLAIN:
	case HOW_REMARK:
		*slot = value;
		return;
	case HOW_ENVID:
		*slot = undo_xtext(value, ' ');
		return;
	case HOW_WORD:
		*slot = word_of(value);
		return;
	case HOW_TYPED:
		*slot = behind_type(value);
		break;
	case HOW_ADDRESS:
		*slot = address_of(value);
		break;
	case HOW_DISPOSITION:
		take_disposition(r, value);
		break;
	}
	mem_free(value);
}

/* *rcpt is of this group of fields; NULL until one is needed. */
static void
take_field(struct report *r, struct report_rcpt **rcpt,
    const struct header_field *f)
{
	const struct field *field = NULL;
	char *value;
	void *base = r;
	size_t i;

	for (i = 0; i < NELEM(fields) && field == NULL; i++)
		if (header_is(f, fields[i].name))
			field = &fields[i];
	value = field != NULL ? report_value(f->body.p, f->body.n) : NULL;
	if (value == NULL)
		return;
	if (field->whose == WHOSE_RCPT) {
		if (*rcpt == NULL)
			*rcpt = report_add(r);
		base = *rcpt;
	}
	if (base == NULL) {
		mem_free(value);
		return;
	}
	put(r, (char **)((char *)base + field->offset), field->how, value);
}

/* Which group a field stands in tells nothing that its name does not, but
 * that a new recipient begins: some leave the first group out. */
void
report_take_fields(struct report *r, struct slice s)
{
	struct report_rcpt *rcpt = NULL;
	struct header_field f;
	size_t pos = 0;

	while (header_next(s.p, s.n, &pos, &f)) {
		if (f.name.n > 0)
			take_field(r, &rcpt, &f);
		else if (text_trim(f.raw.p, f.raw.n).n == 0)
			rcpt = r->kind == REPORT_DSN ? NULL : rcpt;
		else
			report_problem(r, "a line that is no field");
	}
}

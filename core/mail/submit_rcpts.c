/* SPDX-License-Identifier: ISC */
/*
 * submit_rcpts - which fields supply the recipients, and who they are.
 */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/submit_part.h"

enum {
	RESENT_LEN = 7,			/* of "Resent-" */
};

struct submit_kind
submit_kind_of(const struct header_field *f)
{
	static const struct {
		const char		*name;
		enum submit_field	 field;
		bool			 resent;	/* has a Resent- form */
	} names[] = {
		{ "From", SUBMIT_FROM, true },
		{ "Sender", SUBMIT_SENDER, true },
		{ "Reply-To", SUBMIT_SENDER, true },
		{ "To", SUBMIT_RCPT, true },
		{ "Cc", SUBMIT_RCPT, true },
		{ "Bcc", SUBMIT_BCC, true },
		{ "Date", SUBMIT_DATE, true },
		{ "Message-ID", SUBMIT_MESSAGE_ID, true },
		{ "Disposition-Notification-To", SUBMIT_NOTIFY, false },
		{ "Disposition-Notification-Options", SUBMIT_NOTIFY_OPTIONS,
		    false },
		{ "Return-Path", SUBMIT_TRACE, false },
		{ "Content-Length", SUBMIT_TRACE, false },
		{ "Received", SUBMIT_RECEIVED, false },
	};
	struct slice name = f->name;
	struct submit_kind kind = { SUBMIT_OTHER, false, 0 };
	size_t i;

	if (name.n > RESENT_LEN &&
	    text_case_eq(name.p, RESENT_LEN, "Resent-", RESENT_LEN)) {
		kind.resent = true;
		name.p += RESENT_LEN;
		name.n -= RESENT_LEN;
	}
	for (i = 0; i < NELEM(names); i++) {
		if ((kind.resent && !names[i].resent) ||
		    !slice_case_eq(name, names[i].name))
			continue;
		kind.field = names[i].field;
		kind.name = 1U << i;
	}
	return kind;
}

static void
note_field(struct submit_block *b, enum submit_field field)
{
	if (field == SUBMIT_DATE)
		b->has_date = true;
	else if (field == SUBMIT_FROM)
		b->has_from = true;
	else if (field == SUBMIT_MESSAGE_ID)
		b->has_message_id = true;
	else if (field == SUBMIT_RCPT || field == SUBMIT_BCC)
		b->resent = true;
}

void
submit_find_block(struct slice header, struct submit_block *b)
{
	struct submit_block run = { 0 };
	struct header_field f;
	struct submit_kind kind;
	unsigned seen = 0, last = 0;
	bool inside = false;
	size_t start = 0, pos = 0;

	*b = (struct submit_block){ .end = header.n };
	for (; header_next(header.p, header.n, &pos, &f); start = pos) {
		kind = submit_kind_of(&f);
		if (inside && (!kind.resent || ((seen & kind.name) != 0 &&
		    kind.name != last))) {
			if (run.resent)
				break;
			inside = false;
		}
		if (!kind.resent)
			continue;
		if (!inside) {
			run = (struct submit_block){ .start = start };
			seen = 0;
			inside = true;
		}
		seen |= kind.name;
		last = kind.name;
		run.end = pos;
		note_field(&run, kind.field);
	}
	if (run.resent)
		*b = run;
}

/* The next field of the block that supplies recipients. */
static bool
next_rcpts(struct slice header, const struct submit_block *b, size_t *pos,
    struct header_field *f)
{
	struct submit_kind kind;

	while (header_next(header.p, b->end, pos, f)) {
		kind = submit_kind_of(f);
		if (kind.resent == b->resent && (kind.field == SUBMIT_RCPT ||
		    kind.field == SUBMIT_BCC))
			return true;
	}
	return false;
}

/* Moves the items behind those of `to`. "<>" is nobody: it is left out. */
static void
append(struct addr_list *to, struct addr_list *from)
{
	size_t i;

	if (from->n > 0)
		to->v = mem_array(to->v, to->n + from->n, sizeof(*to->v));
	for (i = 0; i < from->n; i++) {
		if (from->v[i].addr != NULL && from->v[i].addr[0] == '\0')
			continue;
		to->v[to->n++] = from->v[i];
		from->v[i].addr = NULL;
	}
	addr_list_free(from);
}

void
submit_take_rcpts(struct slice header, const struct submit_block *b,
    struct submit_result *result)
{
	struct addr_list list;
	struct header_field f;
	size_t pos, from = 0;

	buf_free(&result->given);
	buf_init(&result->given, header.n);
	for (pos = b->start; next_rcpts(header, b, &pos, &f);)
		buf_add(&result->given, f.body.p, f.body.n);
	/* Each field is a list of its own: what one leaves open ends there. */
	for (pos = b->start; next_rcpts(header, b, &pos, &f);) {
		addr_list_parse(&list, buf_str(&result->given) + from,
		    f.body.n);
		append(&result->rcpts, &list);
		from += f.body.n;
	}
}

/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/envelope.h"
#include "core/mail/fold.h"
#include "core/mail/submit_part.h"

enum {
	ID_MAX = 998,			/* bytes of a Message-ID that we keep */
	TYPE_MAX = 65536,
};

/* What the copy of the header needs to know, and finds. */
struct copy {
	const struct submit_facts	*facts;
	struct submit_block		 block;
	struct submit_result		*result;
	bool				 forbidden;	/* RFC 8098 2.1 */
	bool				 has_date, has_from, has_message_id;
};

void
submit_result_free(struct submit_result *r)
{
	mem_free(r->sender);
	buf_free(&r->header);
	addr_list_free(&r->rcpts);
	buf_free(&r->given);
	mem_free(r->message_id);
	memset(r, 0, sizeof(*r));
}

static int64_t
count_hops(const struct submit_facts *facts, struct slice header)
{
	struct header_field f;
	int64_t received = 0;
	size_t pos = 0;

	while (header_next(header.p, header.n, &pos, &f))
		if (submit_kind_of(&f).field == SUBMIT_RECEIVED)
			received++;
	return received > facts->hops ? received : facts->hops;
}

/* Is the message a disposition notification itself? */
static bool
is_notification(struct slice header)
{
	struct header_field f;
	struct buf type;
	bool is;

	if (!header_find(header.p, header.n, "Content-Type", &f))
		return false;
	buf_init(&type, TYPE_MAX);
	header_unfold(&f, &type);
	is = strncasecmp(buf_str(&type), "multipart/report", 16) == 0 &&
	    strcasestr(buf_str(&type), "disposition-notification") != NULL;
	buf_free(&type);
	return is;
}

static void
note_message_id(struct submit_result *r, const struct header_field *f)
{
	struct buf b;
	const char *p, *end;

	if (r->message_id != NULL)
		return;
	buf_init(&b, ID_MAX);
	header_unfold(f, &b);
	p = strchr(buf_str(&b), '<');
	end = p != NULL ? strchr(p, '>') : NULL;
	if (!b.over && end != NULL &&
	    text_is_line(p, (size_t)(end - p) + 1))
		r->message_id = mem_dup(p, (size_t)(end - p) + 1);
	buf_free(&b);
}

static void
note_field(struct copy *c, const struct header_field *f,
    struct submit_kind kind)
{
	if (kind.resent)
		return;
	c->has_date = c->has_date || kind.field == SUBMIT_DATE;
	c->has_from = c->has_from || kind.field == SUBMIT_FROM;
	if (kind.field == SUBMIT_MESSAGE_ID) {
		c->has_message_id = true;
		note_message_id(c->result, f);
	}
}

static void
copy_field(struct copy *c, const struct header_field *f)
{
	struct submit_kind kind = submit_kind_of(f);
	struct buf *out = &c->result->header;

	note_field(c, f, kind);
	if (kind.field == SUBMIT_BCC)
		return;
	if (c->facts->gateway) {
		buf_add(out, f->raw.p, f->raw.n);
		return;
	}
	switch (kind.field) {
	case SUBMIT_TRACE:
		return;
	case SUBMIT_NOTIFY:
	case SUBMIT_NOTIFY_OPTIONS:
		if (c->forbidden) {
			c->result->dropped_mdn = true;
			return;
		}
		break;
	default:
		break;
	}
	submit_add_changed(out, c->facts, f, kind);
}

static void
complete_block(const struct copy *c)
{
	struct buf *out = &c->result->header;

	if (!c->block.has_date)
		submit_add_date(out, c->facts, "Resent-");
	if (!c->block.has_from)
		submit_add_from(out, c->facts, "Resent-");
	if (!c->block.has_message_id)
		submit_add_message_id(out, c->facts, "Resent-");
}

/* What the message itself lacks, at its end. */
static void
complete_message(struct copy *c)
{
	struct buf *out = &c->result->header;
	struct header_field f;
	size_t pos;

	if (!c->has_from)
		submit_add_from(out, c->facts, "");
	if (!c->has_date)
		submit_add_date(out, c->facts, "");
	if (c->has_message_id)
		return;
	pos = out->n;
	submit_add_message_id(out, c->facts, "");
	if (header_next(buf_str(out), out->n, &pos, &f))
		note_message_id(c->result, &f);
}

static void
write_header(struct copy *c, struct slice header)
{
	const struct submit_facts *facts = c->facts;
	struct buf *out = &c->result->header;
	struct header_field f;
	size_t pos = 0, start = 0;

	submit_add_received(out, facts);
	if (facts->sender != NULL && !facts->sender_trusted &&
	    facts->with == NULL && !facts->gateway)
		submit_add_warning(out, facts);
	for (; header_next(header.p, header.n, &pos, &f); start = pos) {
		if (c->block.resent && start == c->block.start &&
		    !facts->gateway)
			complete_block(c);
		copy_field(c, &f);
	}
	if (!facts->gateway)
		complete_message(c);
}

int
submit_header(const struct submit_facts *facts, struct slice header,
    struct submit_result *result, struct err *err)
{
	struct copy c = { .facts = facts, .result = result };
	struct buf *out = &result->header;
	int64_t hops = count_hops(facts, header);

	result->sender = submit_sender(facts);
	if (addr_check(result->sender, err) == -1) {
		(void)snprintf(err->dsn, sizeof(err->dsn), "5.1.7");
		return err_ctx(err, "sender");
	}
	if (hops > facts->conf->max_hops)
		return err_set(err, ERR_DATA, "5.4.6",
		    "%jd hops, more than max_hops (%jd): a mail loop",
		    (intmax_t)hops, (intmax_t)facts->conf->max_hops);
	if (facts->take_rcpts) {
		submit_find_block(header, &c.block);
		submit_take_rcpts(header, &c.block, result);
	}
	c.forbidden = result->sender[0] == '\0' || is_notification(header);
	buf_init(out, header.n + SUBMIT_GROWTH_MAX);
	write_header(&c, header);
	if (out->over)
		return err_set(err, ERR_DATA, "5.3.4",
		    "header section grows by more than %d bytes",
		    SUBMIT_GROWTH_MAX);
	if (!text_is_ascii(out->p, out->n))
		result->flags |= ENVELOPE_8BIT_HEADER;
	if (!fold_check(out->p, out->n))
		result->flags |= ENVELOPE_LONG_LINES;
	return 0;
}

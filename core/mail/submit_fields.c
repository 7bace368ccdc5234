/* SPDX-License-Identifier: ISC */
/*
 * submit_fields - fields of addresses, completed and rewritten.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/mail/fold.h"
#include "core/mail/rewrite.h"
#include "core/mail/submit_part.h"

enum {
	LINE_FULL = 900,		/* octets; an address that ends behind
					   them begins a new line */
};

/* What the addr-spec of this item becomes; NULL: it stays. */
static char *
changed(const struct submit_facts *facts, const struct addr_item *item,
    enum submit_field field)
{
	const struct conf *conf = facts->conf;
	char *whole, *now;

	if (item->addr == NULL)
		return NULL;
	if (field == SUBMIT_FROM && conf->from != NULL)
		now = mem_str(conf->from);
	else if (field == SUBMIT_RCPT)
		now = addr_complete(item->addr, conf->domain);
	else {
		whole = addr_complete(item->addr, conf->domain);
		now = rewrite_addr(conf, whole);
		mem_free(whole);
	}
	if (strcmp(now, item->addr) != 0)
		return now;
	mem_free(now);
	return NULL;
}

/* Octets of the last line in b. */
static size_t
column(const struct buf *b)
{
	const char *lf = b->n > 0 ? memrchr(b->p, '\n', b->n) : NULL;

	return lf != NULL ? (size_t)(b->p + b->n - lf) - 1 : b->n;
}

/* The bytes from p to `to`, an item's begin; on a new line where the last
 * one has no room for it. */
static void
add_until(struct buf *b, const char **p, const char *to, size_t item)
{
	buf_add(b, *p, (size_t)(to - *p));
	*p = to;
	if (column(b) + item > LINE_FULL && b->n > 0 &&
	    b->p[b->n - 1] == ',')
		buf_adds(b, "\r\n ");
}

static void
add_addresses(struct buf *out, const struct submit_facts *facts,
    const struct header_field *f, enum submit_field field)
{
	const char *p = f->raw.p, *end = p + f->raw.n;
	struct addr_list list;
	struct buf b;
	bool any = false;
	char *now;
	size_t i;

	addr_list_parse(&list, f->body.p, f->body.n);
	buf_init(&b, out->max);
	for (i = 0; i < list.n && !b.over; i++) {
		now = changed(facts, &list.v[i], field);
		if (now == NULL)
			continue;
		any = true;
		add_until(&b, &p, list.v[i].text.p, list.v[i].text.n +
		    strlen(now));
		buf_add(&b, p, (size_t)(list.v[i].spec.p - p));
		buf_adds(&b, now);
		p = list.v[i].spec.p + list.v[i].spec.n;
		mem_free(now);
	}
	buf_add(&b, p, (size_t)(end - p));
	out->over = out->over || b.over;
	if (any)
		(void)fold_add(out, buf_str(&b), b.n);
	else
		buf_add(out, f->raw.p, f->raw.n);
	buf_free(&b);
	addr_list_free(&list);
}

void
submit_add_changed(struct buf *out, const struct submit_facts *facts,
    const struct header_field *f, struct submit_kind kind)
{
	switch (kind.field) {
	case SUBMIT_FROM:
		/* identity.from is for From alone. */
		add_addresses(out, facts, f,
		    kind.resent ? SUBMIT_SENDER : SUBMIT_FROM);
		break;
	case SUBMIT_SENDER:
	case SUBMIT_RCPT:
	case SUBMIT_NOTIFY:
		add_addresses(out, facts, f, kind.field);
		break;
	default:
		buf_add(out, f->raw.p, f->raw.n);
		break;
	}
}

/* SPDX-License-Identifier: ISC */
/*
 * addr_list - the RFC 5322 grammar of address lists, over addr_lex's tokens.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/addr_lex.h"

enum {
	VALUE_MAX = 2 * ADDR_MAX,	/* bytes; more is too long anyhow */
};

struct parser {
	struct addr_lex		 lex;
	struct addr_list	*list;
	size_t			 cap;
	size_t			 member;	/* its text begins here */
	size_t			 group;		/* open since this item */
	bool			 in_group;
	bool			 in_angle;
};

/* Words and dots in a row. */
struct run {
	size_t	start, end;
	bool	dot_string;		/* word *("." word) */
	bool	phrase;			/* word *(word / ".") */
};

/* What was read of one mailbox. */
struct mailbox {
	char		*addr;		/* owned */
	struct slice	 spec, phrase;
};

#define REASON(name, words) \
	static const struct err name = { ERR_DATA, 0, "5.1.3", words }

REASON(bad_words, "words that are no address");
REASON(bad_domain_words, "no domain behind '@'");
REASON(bad_route, "a source route that cannot be read");
REASON(bad_angle, "'<' without '>'");
REASON(bad_rest, "more text behind the address");
REASON(bad_two, "two different addresses in one");
REASON(bad_group, "a group that cannot be read");
REASON(bad_group_end, "a group without ';'");
REASON(bad_long, "far too long");
REASON(bad_encoded, "an encoded word where an address belongs");

static struct slice
between(const struct addr_lex *l, size_t start, size_t end)
{
	return text_trim(l->p + start, end - start);
}

static void
take_run(struct addr_lex *l, struct run *run)
{
	enum addr_token last = ADDR_LEX_END;

	*run = (struct run){ l->start, l->start, true, true };
	while (l->token == ADDR_LEX_ATOM || l->token == ADDR_LEX_QUOTED ||
	    l->token == ADDR_LEX_DOT) {
		bool dot = l->token == ADDR_LEX_DOT;

		if (last == ADDR_LEX_END && dot)
			run->phrase = false;
		if (dot != (last != ADDR_LEX_END && last != ADDR_LEX_DOT))
			run->dot_string = false;
		last = l->token;
		run->end = l->end;
		addr_lex_next(l);
	}
	if (last == ADDR_LEX_END)
		run->phrase = false;
	if (last == ADDR_LEX_END || last == ADDR_LEX_DOT)
		run->dot_string = false;
}

/* atom *("." atom), or a literal. */
static bool
take_domain(struct addr_lex *l, size_t *end)
{
	*end = l->end;
	if (l->token == ADDR_LEX_LITERAL) {
		addr_lex_next(l);
		return true;
	}
	while (l->token == ADDR_LEX_ATOM) {
		*end = l->end;
		addr_lex_next(l);
		if (l->token != ADDR_LEX_DOT)
			return true;
		addr_lex_next(l);
	}
	return false;
}

/* Appends the local part in its shortest form. */
static void
add_local(struct buf *out, const struct buf *value)
{
	const char *p = buf_str(value);
	bool quote = value->n == 0;
	size_t i;

	for (i = 0; i < value->n; i++)
		if (!addr_is_atext(p[i]) && (p[i] != '.' || i == 0 ||
		    p[i - 1] == '.' || i + 1 == value->n))
			quote = true;
	if (quote)
		buf_addc(out, '"');
	for (i = 0; i < value->n; i++) {
		if (p[i] == '"' || p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, p[i]);
	}
	if (quote)
		buf_addc(out, '"');
}

static bool
is_encoded_word(const struct buf *b)
{
	return b->n > 4 && memcmp(b->p, "=?", 2) == 0 &&
	    memcmp(b->p + b->n - 2, "?=", 2) == 0;
}

/* local and domain are runs of whole tokens; domain.p is NULL for a bare
 * local part. */
static const struct err *
build(struct slice local, struct slice domain, char **out)
{
	struct buf value, b;
	const struct err *why = NULL;

	buf_init(&value, VALUE_MAX);
	buf_init(&b, 4 * VALUE_MAX);
	addr_lex_value(&value, local);
	add_local(&b, &value);
	if (is_encoded_word(&value))
		why = &bad_encoded;
	else if (value.n == 0 && domain.p == NULL)
		why = &bad_words;
	if (domain.p != NULL) {
		buf_addc(&b, '@');
		addr_lex_value(&b, domain);
	}
	if (why == NULL && (value.over || b.over))
		why = &bad_long;
	if (why == NULL)
		why = addr_judge(buf_str(&b), b.n, domain.p == NULL);
	if (why == NULL)
		*out = buf_take(&b);
	buf_free(&value);
	buf_free(&b);
	return why;
}

/* local-part "@" domain, or a bare local part; run is the part before. */
static const struct err *
take_spec(struct addr_lex *l, const struct run *run, struct mailbox *m)
{
	struct slice local = { l->p + run->start, run->end - run->start };
	struct slice domain = { NULL, 0 };
	size_t start, end = run->end;

	if (!run->dot_string)
		return l->token == ADDR_LEX_BAD ? l->why : &bad_words;
	if (l->token == ADDR_LEX_AT) {
		addr_lex_next(l);
		start = l->start;
		if (!take_domain(l, &end))
			return l->token == ADDR_LEX_BAD ? l->why :
			    &bad_domain_words;
		domain = (struct slice){ l->p + start, end - start };
	}
	m->spec = (struct slice){ l->p + run->start, end - run->start };
	return build(local, domain, &m->addr);
}

/* "@a,@b:" with the obsolete empty members. */
static bool
take_route(struct addr_lex *l)
{
	size_t end;

	while (l->token == ADDR_LEX_COMMA || l->token == ADDR_LEX_AT) {
		if (l->token == ADDR_LEX_COMMA) {
			addr_lex_next(l);
			continue;
		}
		addr_lex_next(l);
		if (!take_domain(l, &end) ||
		    (l->token != ADDR_LEX_COMMA && l->token != ADDR_LEX_COLON))
			return false;
	}
	if (l->token != ADDR_LEX_COLON)
		return false;
	addr_lex_next(l);
	return true;
}

static const struct err *
take_angle(struct parser *ps, struct mailbox *m)
{
	struct addr_lex *l = &ps->lex;
	const struct err *why;
	struct run run;

	ps->in_angle = true;
	addr_lex_next(l);
	if (l->token == ADDR_LEX_CLOSE) {
		m->spec = (struct slice){ l->p + l->start, 0 };
		m->addr = mem_str("");
	} else {
		if ((l->token == ADDR_LEX_AT || l->token == ADDR_LEX_COMMA) &&
		    !take_route(l))
			return &bad_route;
		take_run(l, &run);
		why = take_spec(l, &run, m);
		if (why != NULL)
			return why;
	}
	if (l->token != ADDR_LEX_CLOSE)
		return l->token == ADDR_LEX_BAD ? l->why : &bad_angle;
	ps->in_angle = false;
	addr_lex_next(l);
	return NULL;
}

static bool
at_member_end(const struct parser *ps)
{
	return ps->lex.token == ADDR_LEX_END ||
	    ps->lex.token == ADDR_LEX_COMMA ||
	    (ps->lex.token == ADDR_LEX_SEMICOLON && ps->in_group);
}

/* "a@b <a@b>" is common and clear; "a@b <c@d>" is neither. */
static const struct err *
take_twice(struct parser *ps, struct mailbox *m)
{
	char *first = m->addr;
	const struct err *why;

	m->addr = NULL;
	why = take_angle(ps, m);
	if (why == NULL && !addr_eq(first, m->addr))
		why = &bad_two;
	mem_free(first);
	return why;
}

static const struct err *
take_mailbox(struct parser *ps, const struct run *run, struct mailbox *m)
{
	struct addr_lex *l = &ps->lex;
	const struct err *why;
	bool alone = l->token != ADDR_LEX_OPEN;

	if (!alone && !run->phrase && run->end > run->start)
		return &bad_words;
	if (alone) {
		why = take_spec(l, run, m);
		if (why != NULL)
			return why;
	}
	if (l->token == ADDR_LEX_OPEN) {
		m->phrase = between(l, ps->member, l->start);
		why = alone ? take_twice(ps, m) : take_angle(ps, m);
		if (why != NULL)
			return why;
	}
	if (!at_member_end(ps))
		return l->token == ADDR_LEX_BAD ? l->why : &bad_rest;
	return NULL;
}

static void
add_item(struct parser *ps, struct mailbox *m, const struct err *why)
{
	struct addr_list *list = ps->list;
	struct addr_item *item;

	if (list->n == ps->cap) {
		ps->cap = ps->cap * 2 + 4;
		list->v = mem_array(list->v, ps->cap, sizeof(*list->v));
	}
	item = &list->v[list->n++];
	*item = (struct addr_item){ .err = why, .in_group = ps->in_group };
	item->text = between(&ps->lex, ps->member, ps->lex.start);
	if (why != NULL) {
		mem_free(m->addr);
		return;
	}
	item->addr = m->addr;
	item->spec = m->spec;
	item->phrase = m->phrase;
}

/* To the separator that ends this member; one inside <> is none. */
static void
skip_member(struct parser *ps)
{
	while (ps->lex.token != ADDR_LEX_END) {
		if (!ps->in_angle && at_member_end(ps))
			break;
		if (ps->lex.token == ADDR_LEX_OPEN)
			ps->in_angle = true;
		else if (ps->lex.token == ADDR_LEX_CLOSE)
			ps->in_angle = false;
		addr_lex_next(&ps->lex);
	}
	ps->in_angle = false;
}

static void
take_member(struct parser *ps)
{
	struct mailbox m = { 0 };
	const struct err *why = NULL;
	struct run run;

	if (at_member_end(ps))
		return;
	take_run(&ps->lex, &run);
	if (ps->lex.token == ADDR_LEX_COLON && run.phrase && !ps->in_group) {
		ps->in_group = true;
		ps->group = ps->list->n;
		return;
	}
	if (ps->lex.token == ADDR_LEX_COLON)
		why = &bad_group;
	else
		why = take_mailbox(ps, &run, &m);
	if (why != NULL)
		skip_member(ps);
	add_item(ps, &m, why);
}

/* Behind a group's ';' only a comma or the end is clear. */
static void
end_group(struct parser *ps)
{
	struct mailbox none = { 0 };

	ps->in_group = false;
	addr_lex_next(&ps->lex);
	if (at_member_end(ps))
		return;
	skip_member(ps);
	add_item(ps, &none, &bad_group);
}

void
addr_list_parse(struct addr_list *list, const char *p, size_t n)
{
	struct parser ps = { .lex = { .p = n > 0 ? p : "", .n = n },
	    .list = list };
	size_t i;

	*list = (struct addr_list){ NULL, 0 };
	addr_lex_next(&ps.lex);
	for (;;) {
		take_member(&ps);
		ps.member = ps.lex.end;
		if (ps.lex.token == ADDR_LEX_END)
			break;
		if (ps.lex.token == ADDR_LEX_SEMICOLON) {
			end_group(&ps);
			ps.member = ps.lex.end;
			if (ps.lex.token == ADDR_LEX_END)
				break;
		}
		addr_lex_next(&ps.lex);
	}
	/* "undisclosed-recipients:" alone is clear; with members, who is
	 * in the group and who is not? */
	for (i = ps.group; ps.in_group && i < list->n; i++) {
		mem_free(list->v[i].addr);
		list->v[i].addr = NULL;
		list->v[i].err = &bad_group_end;
	}
}

void
addr_list_free(struct addr_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		mem_free(list->v[i].addr);
	mem_free(list->v);
	*list = (struct addr_list){ NULL, 0 };
}

int
addr_parse(const char *p, size_t n, char **out, struct err *err)
{
	struct addr_list list;
	char shown[160];
	const char *why = NULL;

	if (n == 0) {
		*out = mem_str("");
		return 0;
	}
	addr_list_parse(&list, p, n);
	if (!text_is_line(p, n))
		why = "control characters";
	else if (list.n == 0)
		why = "no address";
	else if (list.n > 1)
		why = "more than one address";
	else if (list.v[0].addr == NULL)
		why = list.v[0].err->text;
	else if (list.v[0].text.n != text_trim(p, n).n)
		why = "more than an address";
	if (why == NULL) {
		*out = list.v[0].addr;
		list.v[0].addr = NULL;
	}
	addr_list_free(&list);
	if (why == NULL)
		return 0;
	return err_set(err, ERR_DATA, "5.1.3", "address %s: %s",
	    text_clean_to(shown, sizeof(shown), p, n), why);
}

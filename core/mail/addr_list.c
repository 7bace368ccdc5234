/* SPDX-License-Identifier: ISC */
/*
 * addr_list - the RFC 5322 grammar of address lists: tokens, then mailboxes.
 *
 * Every byte is looked at once by the lexer, and once more when the address
 * of its mailbox is put together. Comments nest by a counter.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"

enum {
	VALUE_MAX = 2 * ADDR_MAX,	/* bytes; more is too long anyhow */
};

enum token {
	TOKEN_END,
	TOKEN_ATOM,
	TOKEN_DOT,
	TOKEN_QUOTED,
	TOKEN_LITERAL,
	TOKEN_COMMA, TOKEN_COLON, TOKEN_SEMICOLON, TOKEN_AT, TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_BAD,			/* lex.why tells */
};

struct lex {
	const char		*p;
	size_t			 n, pos;
	enum token		 token;
	size_t			 start, end;	/* of the token */
	const struct err	*why;
};

struct parser {
	struct lex		 lex;
	struct addr_list	*list;
	size_t			 cap;
	size_t			 member;	/* where this one's text begins */
	size_t			 group;		/* first item of the open group */
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

REASON(bad_byte, "a character that has no place in an address");
REASON(bad_comment, "a comment without its end");
REASON(bad_quote, "a quoted string without its end");
REASON(bad_literal, "an address in [] without its end");
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

/* The length of white space at pos, a fold's line end included. */
static size_t
space_length(const struct lex *l, size_t pos)
{
	const char *p = l->p + pos;
	size_t n = l->n - pos;

	if (n > 0 && text_is_blank(p[0]))
		return 1;
	if (n > 1 && p[0] == '\n' && text_is_blank(p[1]))
		return 2;
	if (n > 2 && p[0] == '\r' && p[1] == '\n' && text_is_blank(p[2]))
		return 3;
	return 0;
}

/* Behind the byte `close` that ends what began at pos; n + 1 if none does.
 * Only comments nest. */
static size_t
find_close(const struct lex *l, size_t pos, char close)
{
	size_t i, depth = 0;

	for (i = pos + 1; i < l->n; i++) {
		if (l->p[i] == '\\')
			i++;
		else if (l->p[i] == close && depth-- == 0)
			return i + 1;
		else if (l->p[i] == '(' && close == ')')
			depth++;
	}
	return l->n + 1;
}

/* An enclosed token; without its end it takes the rest of the input. */
static void
enclosed(struct lex *l, enum token token, size_t end, const struct err *why)
{
	l->token = token;
	l->end = end;
	if (end > l->n) {
		l->token = TOKEN_BAD;
		l->end = l->n;
		l->why = why;
	}
}

static bool
skip_cfws(struct lex *l)
{
	size_t n;

	for (;;) {
		while ((n = space_length(l, l->pos)) > 0)
			l->pos += n;
		if (l->pos == l->n || l->p[l->pos] != '(')
			return true;
		l->start = l->pos;
		enclosed(l, TOKEN_END, find_close(l, l->pos, ')'),
		    &bad_comment);
		l->pos = l->end;
		if (l->token == TOKEN_BAD)
			return false;
	}
}

static void
next(struct lex *l)
{
	static const char specials[] = ",:;@<>";
	const char *s;
	char c;

	if (!skip_cfws(l))
		return;
	l->start = l->pos;
	l->end = l->pos + 1;
	if (l->pos == l->n) {
		l->token = TOKEN_END;
		l->end = l->pos;
		return;
	}
	c = l->p[l->pos];
	s = c != '\0' ? strchr(specials, c) : NULL;
	if (addr_is_atext(c)) {
		l->token = TOKEN_ATOM;
		while (l->end < l->n && addr_is_atext(l->p[l->end]))
			l->end++;
	} else if (c == '.') {
		l->token = TOKEN_DOT;
	} else if (c == '"') {
		enclosed(l, TOKEN_QUOTED, find_close(l, l->pos, '"'),
		    &bad_quote);
	} else if (c == '[') {
		enclosed(l, TOKEN_LITERAL, find_close(l, l->pos, ']'),
		    &bad_literal);
	} else if (s != NULL) {
		l->token = (enum token)(TOKEN_COMMA + (s - specials));
	} else {
		l->token = TOKEN_BAD;
		l->why = &bad_byte;
	}
	l->pos = l->end;
}

static struct slice
between(const struct lex *l, size_t start, size_t end)
{
	return text_trim(l->p + start, end - start);
}

static void
take_run(struct lex *l, struct run *run)
{
	enum token last = TOKEN_END;

	*run = (struct run){ l->start, l->start, true, true };
	while (l->token == TOKEN_ATOM || l->token == TOKEN_QUOTED ||
	    l->token == TOKEN_DOT) {
		bool dot = l->token == TOKEN_DOT;

		if (last == TOKEN_END && dot)
			run->phrase = false;
		if (dot != (last != TOKEN_END && last != TOKEN_DOT))
			run->dot_string = false;
		last = l->token;
		run->end = l->end;
		next(l);
	}
	if (last == TOKEN_END)
		run->phrase = false;
	if (last == TOKEN_END || last == TOKEN_DOT)
		run->dot_string = false;
}

/* atom *("." atom), or a literal. */
static bool
take_domain(struct lex *l, size_t *end)
{
	*end = l->end;
	if (l->token == TOKEN_LITERAL) {
		next(l);
		return true;
	}
	while (l->token == TOKEN_ATOM) {
		*end = l->end;
		next(l);
		if (l->token != TOKEN_DOT)
			return true;
		next(l);
	}
	return false;
}

/* The text of a token without quotes, backslashes and line ends. */
static void
add_token(struct buf *b, const struct lex *l)
{
	size_t i, start = l->start, end = l->end;

	if (l->token == TOKEN_QUOTED) {
		start++;
		end--;
	}
	for (i = start; i < end; i++) {
		if (l->token == TOKEN_QUOTED && l->p[i] == '\\')
			i++;
		else if (l->p[i] != ' ' && space_length(l, i) > 1)
			i += space_length(l, i) - 1;
		if (l->token != TOKEN_LITERAL || !text_is_blank(l->p[i]))
			buf_addc(b, l->p[i]);
	}
}

/* What the tokens of p[0..n) say, put together. */
static void
add_value(struct buf *b, struct slice s)
{
	struct lex l = { .p = s.p, .n = s.n };

	for (next(&l); l.token != TOKEN_END && !b->over; next(&l))
		add_token(b, &l);
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
	add_value(&value, local);
	add_local(&b, &value);
	if (is_encoded_word(&value))
		why = &bad_encoded;
	else if (value.n == 0 && domain.p == NULL)
		why = &bad_words;
	if (domain.p != NULL) {
		buf_addc(&b, '@');
		add_value(&b, domain);
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
take_spec(struct lex *l, const struct run *run, struct mailbox *m)
{
	struct slice local = { l->p + run->start, run->end - run->start };
	struct slice domain = { NULL, 0 };
	size_t start, end = run->end;

	if (!run->dot_string)
		return l->token == TOKEN_BAD ? l->why : &bad_words;
	if (l->token == TOKEN_AT) {
		next(l);
		start = l->start;
		if (!take_domain(l, &end))
			return l->token == TOKEN_BAD ? l->why :
			    &bad_domain_words;
		domain = (struct slice){ l->p + start, end - start };
	}
	m->spec = (struct slice){ l->p + run->start, end - run->start };
	return build(local, domain, &m->addr);
}

/* "@a,@b:" with the obsolete empty members. */
static bool
take_route(struct lex *l)
{
	size_t end;

	while (l->token == TOKEN_COMMA || l->token == TOKEN_AT) {
		if (l->token == TOKEN_COMMA) {
			next(l);
			continue;
		}
		next(l);
		if (!take_domain(l, &end) ||
		    (l->token != TOKEN_COMMA && l->token != TOKEN_COLON))
			return false;
	}
	if (l->token != TOKEN_COLON)
		return false;
	next(l);
	return true;
}

static const struct err *
take_angle(struct parser *ps, struct mailbox *m)
{
	struct lex *l = &ps->lex;
	const struct err *why;
	struct run run;

	ps->in_angle = true;
	next(l);
	if (l->token == TOKEN_CLOSE) {
		m->spec = (struct slice){ l->p + l->start, 0 };
		m->addr = mem_str("");
	} else {
		if ((l->token == TOKEN_AT || l->token == TOKEN_COMMA) &&
		    !take_route(l))
			return &bad_route;
		take_run(l, &run);
		why = take_spec(l, &run, m);
		if (why != NULL)
			return why;
	}
	if (l->token != TOKEN_CLOSE)
		return l->token == TOKEN_BAD ? l->why : &bad_angle;
	ps->in_angle = false;
	next(l);
	return NULL;
}

static bool
at_member_end(const struct parser *ps)
{
	return ps->lex.token == TOKEN_END || ps->lex.token == TOKEN_COMMA ||
	    (ps->lex.token == TOKEN_SEMICOLON && ps->in_group);
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
	struct lex *l = &ps->lex;
	const struct err *why;
	bool alone = l->token != TOKEN_OPEN;

	if (!alone && !run->phrase && run->end > run->start)
		return &bad_words;
	if (alone) {
		why = take_spec(l, run, m);
		if (why != NULL)
			return why;
	}
	if (l->token == TOKEN_OPEN) {
		m->phrase = between(l, ps->member, l->start);
		why = alone ? take_twice(ps, m) : take_angle(ps, m);
		if (why != NULL)
			return why;
	}
	if (!at_member_end(ps))
		return l->token == TOKEN_BAD ? l->why : &bad_rest;
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
	*item = (struct addr_item){ .err = why };
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
	while (ps->lex.token != TOKEN_END) {
		if (!ps->in_angle && at_member_end(ps))
			break;
		if (ps->lex.token == TOKEN_OPEN)
			ps->in_angle = true;
		else if (ps->lex.token == TOKEN_CLOSE)
			ps->in_angle = false;
		next(&ps->lex);
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
	if (ps->lex.token == TOKEN_COLON && run.phrase && !ps->in_group) {
		ps->in_group = true;
		ps->group = ps->list->n;
		return;
	}
	if (ps->lex.token == TOKEN_COLON)
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
	next(&ps->lex);
	if (at_member_end(ps))
		return;
	skip_member(ps);
	add_item(ps, &none, &bad_group);
}

void
addr_list_parse(struct addr_list *list, const char *p, size_t n)
{
	struct parser ps = { .lex = { .p = p, .n = n }, .list = list };
	size_t i;

	*list = (struct addr_list){ NULL, 0 };
	next(&ps.lex);
	for (;;) {
		take_member(&ps);
		ps.member = ps.lex.end;
		if (ps.lex.token == TOKEN_END)
			break;
		if (ps.lex.token == TOKEN_SEMICOLON) {
			end_group(&ps);
			ps.member = ps.lex.end;
			if (ps.lex.token == TOKEN_END)
				break;
		}
		next(&ps.lex);
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

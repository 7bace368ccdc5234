/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/addr_lex.h"

#define REASON(name, words) \
	static const struct err name = { ERR_DATA, 0, "5.1.3", words }

REASON(bad_byte, "a character that has no place in an address");
REASON(bad_comment, "a comment without its end");
REASON(bad_quote, "a quoted string without its end");
REASON(bad_literal, "an address in [] without its end");

/* The length of white space at pos, a fold's line end included. */
static size_t
space_length(const struct addr_lex *l, size_t pos)
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
find_close(const struct addr_lex *l, size_t pos, char close)
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
enclosed(struct addr_lex *l, enum addr_token token, size_t end,
    const struct err *why)
{
	l->token = token;
	l->end = end;
	if (end > l->n) {
		l->token = ADDR_LEX_BAD;
		l->end = l->n;
		l->why = why;
	}
}

static bool
skip_cfws(struct addr_lex *l)
{
	size_t n;

	for (;;) {
		while ((n = space_length(l, l->pos)) > 0)
			l->pos += n;
		if (l->pos == l->n || l->p[l->pos] != '(')
			return true;
		l->start = l->pos;
		enclosed(l, ADDR_LEX_END, find_close(l, l->pos, ')'),
		    &bad_comment);
		l->pos = l->end;
		if (l->token == ADDR_LEX_BAD)
			return false;
	}
}

void
addr_lex_next(struct addr_lex *l)
{
	static const char specials[] = ",:;@<>";
	const char *s;
	char c;

	if (!skip_cfws(l))
		return;
	l->start = l->pos;
	l->end = l->pos + 1;
	if (l->pos == l->n) {
		l->token = ADDR_LEX_END;
		l->end = l->pos;
		return;
	}
	c = l->p[l->pos];
	s = c != '\0' ? strchr(specials, c) : NULL;
	if (addr_is_atext(c)) {
		l->token = ADDR_LEX_ATOM;
		while (l->end < l->n && addr_is_atext(l->p[l->end]))
			l->end++;
	} else if (c == '.') {
		l->token = ADDR_LEX_DOT;
	} else if (c == '"') {
		enclosed(l, ADDR_LEX_QUOTED, find_close(l, l->pos, '"'),
		    &bad_quote);
	} else if (c == '[') {
		enclosed(l, ADDR_LEX_LITERAL, find_close(l, l->pos, ']'),
		    &bad_literal);
	} else if (s != NULL) {
		l->token = (enum addr_token)(ADDR_LEX_COMMA + (s - specials));
	} else {
		l->token = ADDR_LEX_BAD;
		l->why = &bad_byte;
	}
	l->pos = l->end;
}

/* The text of a token without quotes, backslashes and line ends. */
static void
add_token(struct buf *b, const struct addr_lex *l)
{
	size_t i, start = l->start, end = l->end;

	if (l->token == ADDR_LEX_QUOTED) {
		start++;
		end--;
	}
	for (i = start; i < end; i++) {
		if (l->token == ADDR_LEX_QUOTED && l->p[i] == '\\')
			i++;
		else if (l->p[i] != ' ' && space_length(l, i) > 1)
			i += space_length(l, i) - 1;
		if (l->token != ADDR_LEX_LITERAL || !text_is_blank(l->p[i]))
			buf_addc(b, l->p[i]);
	}
}

void
addr_lex_value(struct buf *b, struct slice s)
{
	struct addr_lex l = { .p = s.p, .n = s.n };

	addr_lex_next(&l);
	while (l.token != ADDR_LEX_END && !b->over) {
		add_token(b, &l);
		addr_lex_next(&l);
	}
}

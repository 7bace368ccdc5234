/* SPDX-License-Identifier: ISC */
/*
 * addr_lex - the tokens of an address list; for addr_list alone.
 *
 * Shape	RFC 5322 3.2, 4.1: atoms (without dots), dots, quoted strings,
 *		domain literals, specials; comments and folds are skipped
 * Limits	comments nest by a counter; each byte is looked at once
 * Pure
 */
#ifndef CORE_MAIL_ADDR_LEX_H
#define CORE_MAIL_ADDR_LEX_H

#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum addr_token {
	ADDR_LEX_END,
	ADDR_LEX_ATOM,
	ADDR_LEX_DOT,
	ADDR_LEX_QUOTED,
	ADDR_LEX_LITERAL,
	ADDR_LEX_COMMA, ADDR_LEX_COLON, ADDR_LEX_SEMICOLON,
	ADDR_LEX_AT, ADDR_LEX_OPEN, ADDR_LEX_CLOSE,
	ADDR_LEX_BAD,			/* why tells */
};

struct addr_lex {
	const char		*p;
	size_t			 n, pos;
	enum addr_token		 token;
	size_t			 start, end;	/* of the token */
	const struct err	*why;
};

/* The next token; the struct begins as { .p, .n }. What has no end (a quote, a
 * comment, a literal) is one BAD token up to the end of the input. */
void	addr_lex_next(struct addr_lex *);

/* What the tokens of s say: quotes, pairs, comments, folds taken away. */
void	addr_lex_value(struct buf *, struct slice s);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * word - names and texts in a header: quoted, encoded, folded, and back.
 *
 * Shape	atoms; a quoted string where a sign needs it; encoded words in
 *		UTF-8 (unknown-8bit for bytes that are not), each with whole
 *		characters; folds are CRLF and the blank that was there
 * Source	RFC 5322 3.2.5, RFC 2047 2, 4, 5
 * Limits	an encoded word has 75 octets, its line 76; other lines 78
 *		where there is a blank to fold at, else the name is encoded
 * Lenient	decoding takes encoded words of any length, characters cut in
 *		two by their end; utf-8, us-ascii, iso-8859-1, iso-8859-15
 *		and windows-1252, while words in others stay as they are
 * Pure
 */
#ifndef CORE_MAIL_WORD_H
#define CORE_MAIL_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"

/* A display name, as it stands before "<"; control characters become blanks.
 * column is how much of the line is used ("From: " is 6). Nothing is added
 * for a name of blanks. */
void	word_phrase(struct buf *, const char *p, size_t n, size_t column);

/* The same for unstructured text (Subject). */
void	word_text(struct buf *, const char *p, size_t n, size_t column);

/* A field body or a phrase for people: encoded words become UTF-8, folds and
 * control characters blanks, what is invalid U+FFFD. */
void	word_decode(struct buf *, const char *p, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * text - ASCII without a locale, numbers, and making bytes fit to be shown.
 *
 * Pure		no I/O, no locale, no state
 */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

bool	text_is_alpha(char);
bool	text_is_digit(char);
bool	text_is_alnum(char);
bool	text_is_hex(char);
bool	text_is_blank(char);		/* space, tab */
bool	text_is_space(char);		/* blank, CR, LF, VT, FF */
bool	text_is_print(char);		/* 0x20..0x7e */
char	text_lower(char);
char	text_upper(char);
int	text_hex_value(char);		/* 0..15, or -1 */

bool	text_case_eq(const char *a, size_t na, const char *b, size_t nb);
bool	text_str_case_eq(const char *a, const char *b);

/* The slice without blanks, CR and LF at both ends. */
struct slice	text_trim(const char *p, size_t n);

/*
 * A decimal number, digits only (a '-' first if min < 0), all of p[0..n),
 * within min..max. False, *out untouched, for anything else.
 */
bool	text_to_int(const char *p, size_t n, int64_t min, int64_t max,
	    int64_t *out);

/* No NUL, CR, LF or other control character (tab too), no DEL. */
bool	text_is_line(const char *p, size_t n);
bool	text_is_ascii(const char *p, size_t n);

/* RFC 3629: no overlong forms, surrogates, or above U+10FFFF. */
bool	text_is_utf8(const char *p, size_t n);

/* The character at p[0..n), n > 0: how many bytes it takes, or 0 where there
 * is no valid one; and one character, added. */
size_t	text_utf8_take(const char *p, size_t n, uint32_t *c);
void	text_utf8_add(struct buf *, uint32_t c);

/*
 * Bytes that anybody chose, made fit for a log, a terminal or an error:
 * printable ASCII and valid UTF-8 (no C1 controls) as they are, a run of
 * line ends as one space, every other byte as \xNN, a backslash doubled.
 * At most max bytes are added; "..." shows that something was cut.
 */
void	text_clean(struct buf *, const char *p, size_t n, size_t max);

/* The same into a caller's array; returns out. */
char	*text_clean_to(char *out, size_t size, const char *p, size_t n);

/* RFC 4648 base64 without line breaks; decoding refuses all but the
 * canonical form (false, nothing certain added). */
void	text_base64(struct buf *, const char *p, size_t n);
bool	text_base64_decode(struct buf *, const char *p, size_t n);

/* A JSON string with its quotes (RFC 8259); bytes that are no UTF-8 become
 * U+FFFD. */
void	text_json(struct buf *, const char *p, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * xtext - how DSN parameters carry any text, and UTF-8 addresses.
 *
 * Shape	xtext: 0x21..0x7e but '+' and '=', others as +XX
 *		unitext: the same with UTF-8, others as \x{HEX}; in its 7-bit
 *		form every character over 0x7e is \x{HEX} too
 * Source	RFC 3461 4 (xtext), RFC 6533 3 (utf-8-addr-xtext, -unitext)
 * Lenient	decoding of xtext takes lower-case hexadecimal digits too
 * Pure
 */
#ifndef CORE_MAIL_XTEXT_H
#define CORE_MAIL_XTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"

void	xtext_encode(struct buf *, const char *p, size_t n);

/* False: not xtext; b is as before. */
bool	xtext_decode(struct buf *b, const char *p, size_t n);

/*
 * The address behind "utf-8;". ascii: the 7-bit form. An address that is not
 * UTF-8 gives false and leaves b as it was. Decoding takes all three forms of
 * RFC 6533 (the third is the plain address).
 */
bool	xtext_utf8_encode(struct buf *b, const char *p, size_t n, bool ascii);
bool	xtext_utf8_decode(struct buf *b, const char *p, size_t n);

/* The original recipient "type;address", decoded, as the ORCPT parameter has
 * it: utf8 tells that the session speaks SMTPUTF8. False: not UTF-8. */
bool	xtext_orcpt(struct buf *b, const char *orcpt, bool utf8);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * xtext - a value as ESMTP's DSN parameters carry it.
 *
 * Shape	*( xchar / "+" 2HEXDIG ); xchar is 0x21..0x7e but "+" and "="
 * Source	RFC 3461 4
 * Lenient	decoding takes lower-case hexadecimal digits too
 * Pure
 */
#ifndef CORE_MAIL_XTEXT_H
#define CORE_MAIL_XTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"

void	xtext_encode(struct buf *, const char *p, size_t n);

/* False for what is no xtext; b is then as it was. */
bool	xtext_decode(struct buf *b, const char *p, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * fold - header lines within 998 octets, without a change of what they say.
 *
 * A fold is CRLF in front of a blank that is there (RFC 5322 2.2.3): taken
 * out again it leaves the field as it was.
 *
 * Pure
 */
#ifndef CORE_MAIL_FOLD_H
#define CORE_MAIL_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"

enum {
	FOLD_LINE_MAX = 998,		/* RFC 5322 2.1.1; bytes without CRLF */
};

/*
 * Adds p[0..n), lines of header fields that end in CRLF, with folds in those
 * that are too long. False: one of them has no blank where it would need it,
 * and stays too long.
 */
bool	fold_add(struct buf *, const char *p, size_t n);

/* Is no line of p[0..n) too long? */
bool	fold_check(const char *p, size_t n);

#endif

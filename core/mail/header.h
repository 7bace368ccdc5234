/* SPDX-License-Identifier: ISC */
/*
 * header - the fields of a header section.
 *
 * Shape	field = name *WSP ":" body CRLF, folded by CRLF WSP (RFC 5322
 *		2.2, 3.6.8 and 4.5); the section's end is not part of it
 * Pure
 */
#ifndef CORE_MAIL_HEADER_H
#define CORE_MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"

struct header_field {
	struct slice	raw;		/* name to last CRLF, folds included */
	struct slice	name;		/* without blanks before the colon */
	struct slice	body;		/* after the colon, folds included, last
					   CRLF not */
};

/*
 * Next field of p[0..n) from *pos on; false at the end. The section has CRLF
 * line ends (the normaliser saw to it). A line that is no field is given
 * with an empty name and body = the line.
 */
bool	header_next(const char *p, size_t n, size_t *pos,
	    struct header_field *);

bool	header_is(const struct header_field *, const char *name);
bool	header_is_any(const struct header_field *, const char *const *names,
	    size_t n);

/* Could this line begin a header field? (LF or CRLF not included) */
bool	header_line_check(const char *p, size_t n);

/* The body without folds, trimmed, added to b. */
void	header_unfold(const struct header_field *, struct buf *b);

/* First field of that name; false if there is none. */
bool	header_find(const char *p, size_t n, const char *name,
	    struct header_field *);

#endif

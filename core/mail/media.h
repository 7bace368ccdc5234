/* SPDX-License-Identifier: ISC */
/*
 * media - what a Content-Type says, and the parts of a MIME message.
 *
 * Shape	type "/" subtype *( ";" name "=" value ); RFC 2045 5.1, with
 *		comments; multipart as in RFC 2046 5.1
 * Limits	MEDIA_DEPTH multiparts in each other, MEDIA_PARTS parts; what is
 *		deeper or later is not looked into
 * Lenient	line ends may be LF or CRLF; a missing closing delimiter
 * Pure		linear in n, no recursion
 */
#ifndef CORE_MAIL_MEDIA_H
#define CORE_MAIL_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/mail/header.h"

enum {
	MEDIA_TYPE_SIZE = 80,		/* bytes of "type/subtype" and NUL */
	MEDIA_BOUNDARY_SIZE = 72,	/* RFC 2046: 70 octets, and NUL */
	MEDIA_DEPTH = 8,
	MEDIA_PARTS = 64,
};

/* "type/subtype" in lower case; "" for what is malformed or too long. */
void	media_type(const struct header_field *, char out[MEDIA_TYPE_SIZE]);

/* The value of a parameter, without quotes; false if it is not there, is
 * malformed, or does not fit. */
bool	media_param(const struct header_field *, const char *name, char *out,
	    size_t size);

struct media_part {			/* slices of the input */
	char		type[MEDIA_TYPE_SIZE];	/* never multipart */
	struct slice	header;
	struct slice	body;
};

/*
 * The leaves of a message, or the message itself where it is no multipart,
 * in order. header is its header section, body what follows the empty line.
 * Returns how many stand in out; *open tells that a multipart had no end.
 */
size_t	media_parts(struct slice header, struct slice body,
	    struct media_part out[MEDIA_PARTS], bool *open);

/* The body without its Content-Transfer-Encoding (base64, quoted-printable;
 * others as they are), added to b. */
void	media_decode(const struct media_part *, struct buf *b);

#endif

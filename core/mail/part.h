/* SPDX-License-Identifier: ISC */
/*
 * part - what the writers of reports (dsn, mdn) have in common.
 *
 * Shape	fields "Name: value", folded at blanks within 78 octets where
 *		there are any, within 998 in any case
 * Source	RFC 6522 (multipart/report), RFC 3464 2.1, RFC 6533 3
 * Pure		part_boundary asks rand
 */
#ifndef CORE_MAIL_PART_H
#define CORE_MAIL_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"

enum {
	PART_BOUNDARY_SIZE = 64,
};

/* "=_" and 120 random bits: no original holds it by chance or by design. */
void	part_boundary(char out[PART_BOUNDARY_SIZE]);

/* "--boundary" on a line of its own; a delimiter needs its CRLF in front. */
void	part_delimit(struct buf *, const char *boundary);

/* Lines of at most 72 octets where it has blanks (a control character is one),
 * each behind the indent. */
void	part_wrap(struct buf *, const char *indent, const char *p, size_t n);

/* A text/plain body part, head included; base64 when it is not ASCII. */
void	part_text(struct buf *, const struct buf *text);

/*
 * A field of a report's second part. Without utf8 what is not printable ASCII
 * becomes \x{HEX}; control characters do in any case.
 */
void	part_field(struct buf *, const char *name, const char *value,
	    bool utf8);
void	part_fieldf(struct buf *, const char *name, bool utf8,
	    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* "Name: type;address"; addr is decoded, its type told by whether it is ASCII
 * where type is NULL. A utf-8 address is written as RFC 6533 wants it. */
void	part_address(struct buf *, const char *name, const char *type,
	    const char *addr, bool utf8);

/* The same for "type;address" in one. */
void	part_typed(struct buf *, const char *name, const char *typed,
	    bool utf8);

/* "Name: mailbox" of a message header: the display name encoded if it must
 * be. False, nothing added, if it is not one mailbox. */
bool	part_mailbox(struct buf *, const char *name, const char *mailbox);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * dsn - a delivery status notification, written.
 *
 * Shape	multipart/report; report-type=delivery-status: a text for
 *		people, message/delivery-status, and the original
 *		(message/rfc822) or its header section (text/rfc822-headers)
 *		The first part says what happened to whom, in the relay's words,
 *		and what to do. A report to or from an address beyond ASCII has
 *		the message/global forms (RFC 6533); any other is 7bit but for
 *		the original.
 * Source	RFC 3464, 6522, 6533 (utf-8 addresses), 3834 (Auto-Submitted),
 *		3461 6 (what is returned)
 * Limits	lines within 998 octets; texts from relays were cleaned before
 * Pure		but for the boundary, which is 120 random bits (rand); the
 *		caller copies the original between dsn_begin and dsn_end
 */
#ifndef CORE_MAIL_DSN_H
#define CORE_MAIL_DSN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"
#include "core/mail/part.h"

enum dsn_action {		/* RFC 3464 2.3.3 */
	DSN_FAILED, DSN_DELAYED, DSN_DELIVERED, DSN_RELAYED, DSN_EXPANDED,
};

struct dsn_rcpt {			/* borrowed */
	const struct envelope_rcpt	*rcpt;
	const struct outcome		*outcome;
	enum dsn_action			 action;
	int64_t				 last_sec;	/* 0: not attempted */
	int64_t				 retry_until_sec; /* DELAYED; else 0 */
};

struct dsn {				/* borrowed */
	const struct envelope	*env;		/* of the original */
	struct dsn_rcpt		*rcpts;
	size_t			 nrcpts;
	const char		*id;		/* of the report */
	int64_t			 now_us;
	int			 zone_min;
	const char		*hostname;	/* Reporting-MTA */
	const char		*from;		/* [bounce] from: a mailbox */
	const char		*to;		/* the sender, or postmaster */
	const char		*references;	/* its Message-ID; NULL */
	bool			 full;		/* the original follows whole */
	bool			 original_8bit;	/* what follows is */
	char			 boundary[PART_BOUNDARY_SIZE]; /* dsn_begin */
};

/* Header, first and second part, and the head of the third, an empty line
 * included. What follows then is the original, whole or its header section
 * alone (with no empty line), CRLF at the end. */
void	dsn_begin(struct dsn *, struct buf *out);

/* Needs SMTPUTF8: the report's own addresses are beyond ASCII. */
bool	dsn_utf8(const struct dsn *);
void	dsn_end(const struct dsn *, struct buf *out);

#endif

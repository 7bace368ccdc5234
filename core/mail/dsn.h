/* SPDX-License-Identifier: ISC */
/*
 * dsn - a delivery status notification, written.
 *
 * Shape	multipart/report; report-type=delivery-status: a text for people,
 *		message/delivery-status, and the original (message/rfc822) or its
 *		header section (text/rfc822-headers)
 * Source	RFC 3464, 6522, 6533 (utf-8 addresses), 3834 (Auto-Submitted),
 *		3461 6 (what is returned)
 * Limits	lines within 998 octets; texts from relays were cleaned before
 * Pure		the caller copies the original between dsn_begin and dsn_end
 */
#ifndef CORE_MAIL_DSN_H
#define CORE_MAIL_DSN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"

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
	const char		*from;		/* [bounce] from, a whole mailbox */
	const char		*to;		/* original sender or postmaster */
	const char		*references;	/* original's Message-ID; NULL */
	bool			 full;		/* the original follows whole */
	bool			 original_8bit;	/* octets over 127 in what follows */
	char			 boundary[64];	/* set by dsn_begin */
};

/* Header, first and second part, and the head of the third. The caller makes
 * sure (dsn_boundary_check over the original, or trust in 120 random bits)
 * that the boundary does not stand in what follows. */
void	dsn_begin(struct dsn *, struct buf *out);
void	dsn_end(const struct dsn *, struct buf *out);

#endif

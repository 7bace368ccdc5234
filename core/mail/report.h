/* SPDX-License-Identifier: ISC */
/*
 * report - a delivery or disposition notification, read: what became of
 * which recipient of which message.
 *
 * Shape	DSN (RFC 3464, 6533) and MDN (RFC 8098, 3798, 2298) wherever in
 *		a message they stand; and the older texts of qmail (QSBMF),
 *		Exim and Exchange
 * Limits	REPORT_RCPT_MAX recipients (more are a problem),
 *		REPORT_VALUE_MAX octets a value (the rest is cut)
 * Errors	ERR_DATA: neither a DSN nor an MDN
 * Lenient	everything; what the RFC does not allow is a problem, and what
 *		could be read stands beside it
 * Pure
 */
#ifndef CORE_MAIL_REPORT_H
#define CORE_MAIL_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	REPORT_RCPT_MAX = 10000,
	REPORT_VALUE_MAX = 2000,	/* bytes */
};

enum report_kind {
	REPORT_DSN,
	REPORT_MDN,
};

struct report_rcpt {			/* owned; NULL: not said */
	char	*final;			/* without its type, decoded */
	char	*original;
	char	*action;		/* lower case */
	char	*status;		/* "5.1.1" */
	char	*diagnostic;		/* without its type */
	char	*remote_mta;
	char	*last_attempt;
	char	*will_retry_until;
};

struct report {				/* owned; NULL: not said */
	enum report_kind	  kind;
	char			 *reporting_mta;	/* of an MDN: UA */
	char			 *envelope_id;
	char			 *arrival_date;
	char			 *message_id;	/* of the original, with <> */
	char			 *disposition;	/* lower case; MDN from here */
	char			 *action_mode, *sending_mode;
	char			**modifiers;
	size_t			  nmodifiers;
	struct report_rcpt	 *rcpts;
	size_t			  nrcpts;
	const char		 *problem;	/* static; the first; or NULL */
};

/* header and body as core/mail/message gives them (CRLF); LF does too. */
int	report_parse(struct report *, struct slice header, struct slice body,
	    struct err *);
void	report_free(struct report *);

/* For people: "name: value" lines, an empty line before each recipient. */
void	report_text(const struct report *, struct buf *);

/* One object (INTERFACE 5), with a line end. */
void	report_json(const struct report *, struct buf *);

#endif

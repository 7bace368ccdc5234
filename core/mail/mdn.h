/* SPDX-License-Identifier: ISC */
/*
 * mdn - a message disposition notification: may it be sent, and how it reads.
 *
 * Shape	multipart/report; report-type=disposition-notification: a text
 *		for people, message/disposition-notification, and the header of
 *		the message without its trace (text/rfc822-headers)
 * Source	RFC 8098; RFC 6522; RFC 6533 for addresses beyond ASCII;
 *		RFC 3834 (Auto-Submitted)
 * Limits	MDN_TO_MAX addresses may ask; lines within 998 octets: a field
 *		of the message that cannot be folded so far is left out
 * Errors	ERR_DATA: not a message; ERR_DENIED: RFC 8098 forbids it
 * Pure		but for the boundary (rand)
 */
#ifndef CORE_MAIL_MDN_H
#define CORE_MAIL_MDN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	MDN_TO_MAX = 10,
};

enum mdn_type {			/* RFC 8098 3.2.6.2 */
	MDN_DISPLAYED, MDN_DELETED, MDN_DISPATCHED, MDN_PROCESSED,
	MDN_DENIED,		/* RFC 2298; written as processed/denied */
	MDN_FAILED,		/* RFC 2298; written as processed/error */
};

/* What the message says about notifications. Zeroed is empty. */
struct mdn_request {
	char		**to;		/* owned; distinct, fit for the wire */
	size_t		  nto;
	size_t		  fields;	/* Disposition-Notification-To */
	const char	 *unclear;	/* static; why nobody can be told */
	char		 *return_path;	/* owned; "" is <>; NULL: none, or one
					   that cannot be read */
	char		 *required;	/* owned; an unknown option; NULL */
	bool		  report;	/* it is a DSN or an MDN itself */
	char		 *message_id;	/* owned; with its <>; NULL: none */
	char		 *orig_rcpt;	/* owned; "type;address"; NULL: none */
	char		 *subject;	/* owned; decoded, UTF-8; NULL: none */
	char		 *date;		/* owned; NULL: none */
};

struct mdn {				/* borrowed */
	enum mdn_type	 type;
	bool		 automatic_action;
	bool		 automatic_sent; /* without the recipient's consent */
	const char	*recipient;	/* whose it is; fit for the wire */
	const char	*error;		/* NULL: none */
	const char	*warning;	/* NULL: none */
	const char	*id;		/* of the report */
	int64_t		 now_us;
	int		 zone_min;
	const char	*hostname;
};

/* "displayed"...; false for anything else. */
bool	mdn_type_parse(const char *word, enum mdn_type *);

/* header: the section, CRLF at each line's end. */
int	mdn_request_read(struct mdn_request *, struct slice header,
	    struct err *);
void	mdn_request_free(struct mdn_request *);

/* Every rule of RFC 8098 2.1 that the message and the wish can break; the
 * text says which. That none was sent before is for the caller to know. */
int	mdn_check(const struct mdn_request *, const struct mdn *,
	    struct err *);

/* The whole notification to one of request.to. */
void	mdn_write(const struct mdn *, const struct mdn_request *,
	    const char *to, struct slice header, struct buf *out);

/* Needs SMTPUTF8. */
bool	mdn_utf8(const struct mdn *, const char *to);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * submit - the header of a message that is being submitted: recipients
 * taken out of it, fields removed, completed, rewritten and added.
 *
 * Every field but these stays byte for byte:
 *	Bcc, Resent-Bcc			removed, with -G too
 *	Return-Path, Content-Length	removed
 *	From, Sender, Reply-To, Disposition-Notification-To, Resent-From,
 *	Resent-Sender, Resent-Reply-To	completed and rewritten
 *	To, Cc, Resent-To, Resent-Cc	completed
 *	Received, on top; Date, Message-ID, From, at the end	added
 *	Resent-Date, Resent-From, Resent-Message-ID	added to the block that
 *		supplies the recipients, in front of it
 *	Disposition-Notification-To, -Options	removed where RFC 8098 2.1
 *		forbids the request: the null sender, or a notification
 * What is changed is the addr-spec alone: names, comments, folds stay.
 *
 * The block that supplies the recipients is the first run of Resent- fields
 * that has a Resent-To, -Cc or -Bcc. Another field ends the run, and so does
 * a name that it already has (RFC 5322 3.6.6: the next block begins), but
 * for one directly below its like, which is a list in two fields.
 *
 * Source	INTERFACE 3 ("The message"), 2 ([identity], [rewrite]);
 *		RFC 5322 3.6, 3.6.6 (Resent-), RFC 5321 4.4 (Received)
 * Limits	an added line has at most 998 octets, and a changed one where
 *		there is a place to fold it; the header may grow by
 *		SUBMIT_GROWTH_MAX
 * Errors	ERR_DATA: too many hops ("5.4.6"), the sender is not fit for
 *		the wire ("5.1.7"), the header has grown too large ("5.3.4")
 * Pure		everything that it knows of the world is in submit_facts
 */
#ifndef CORE_MAIL_SUBMIT_H
#define CORE_MAIL_SUBMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/mail/addr.h"

enum {
	SUBMIT_GROWTH_MAX = 8 * 1024 * 1024,	/* bytes */
};

struct submit_facts {			/* all borrowed */
	const struct conf	*conf;
	const char		*id;
	int64_t			 now_us;
	int			 zone_min;	/* east of UTC, the machine's */
	uint32_t		 uid;
	const char		*login;		/* NULL: no passwd entry */
	const char		*full_name;	/* -F, NAME, GECOS; NULL: none */
	const char		*sender;	/* -f, parsed; "" is <>; NULL: none */
	bool			 sender_trusted; /* no X-Authentication-Warning */
	bool			 take_rcpts;	/* -t */
	bool			 gateway;	/* -G: adds Received only */
	const char		*with;		/* NULL, or "ESMTP", "SMTP" (-bs) */
	const char		*peer;		/* -bs: HELO name, -p host; NULL */
	int64_t			 hops;		/* -h; the Received lines count
						   where they are more */
};

struct submit_result {			/* owned; zero before the call */
	char			*sender;	/* final envelope sender, "" is <> */
	struct buf		 header;	/* finished, without the empty line */
	struct addr_list	 rcpts;		/* take_rcpts: from the header; the
						   slices in it point into `given` */
	struct buf		 given;		/* private to rcpts */
	char			*message_id;	/* with its <>; NULL: none that
						   can be read */
	unsigned		 flags;		/* ENVELOPE_8BIT_HEADER and
						   _LONG_LINES of the header */
	bool			 dropped_mdn;	/* a request for a notification
						   was removed: worth a log line */
};

/* On -1 nothing in *result is of use; submit_result_free it all the same. */
int	submit_header(const struct submit_facts *, struct slice header,
	    struct submit_result *, struct err *);
void	submit_result_free(struct submit_result *);

/* The sender alone, completed and rewritten, as submit_header does it (which
 * checks it, too). Without a passwd entry it is the uid. */
char	*submit_sender(const struct submit_facts *);

#endif

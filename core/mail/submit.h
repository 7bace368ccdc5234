/* SPDX-License-Identifier: ISC */
/*
 * submit - the header of a message that is being submitted: recipients
 * taken out of it, fields removed, completed, rewritten and added.
 *
 * Source	INTERFACE 3 ("The message"), 2 ([identity], [rewrite]);
 *		RFC 5322 3.6, 3.6.6 (Resent-), RFC 5321 4.4 (Received)
 * Limits	an added or rewritten line stays within 998 octets
 * Errors	ERR_DATA: too many hops ("5.4.6"), a line that cannot be made
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
	int64_t			 hops;		/* -h; counted with Received */
};

struct submit_result {			/* owned; zero before the call */
	char			*sender;	/* final envelope sender, "" is <> */
	struct buf		 header;	/* finished, without the empty line */
	struct addr_list	 rcpts;		/* take_rcpts: from the header; the
						   slices in it point into `given` */
	struct buf		 given;		/* private to rcpts */
	char			*message_id;	/* with its <> */
};

int	submit_header(const struct submit_facts *, struct slice header,
	    struct submit_result *, struct err *);
void	submit_result_free(struct submit_result *);

/* The sender alone, completed and rewritten, as submit_header does it. */
char	*submit_sender(const struct submit_facts *);

#endif

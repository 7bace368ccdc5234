/* SPDX-License-Identifier: ISC */
/*
 * smtp_command - the lines that we say, built from what others gave us.
 *
 * Each builder adds one complete line with its CRLF to a buf, or on -1
 * nothing. Nothing that could end a line or a path early gets through,
 * whoever let it in.
 *
 * Source	RFC 5321 4.1.1, 1870 (SIZE), 6152 (BODY), 6531 (SMTPUTF8), 3461
 *		(RET, ENVID, NOTIFY, ORCPT), 6533 (utf-8 ORCPT), 4954
 * Limits	SMTP_PATH_MAX, SMTP_ENVID_MAX, SMTP_ORCPT_MAX (the RFCs'); an
 *		ENVID or ORCPT over its limit is left out: it helps a reader of
 *		reports, and is no reason to lose a message
 * Errors	ERR_PERM: the message's fault: "5.1.3" (recipient), "5.1.7"
 *		(sender), "5.6.7" (a local part that needs SMTPUTF8), "5.1.2" (a
 *		domain that is no A-label). ERR_CONF for our own name.
 * Pure
 */
#ifndef CORE_SMTP_COMMAND_H
#define CORE_SMTP_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/mail/envelope.h"

enum {
	SMTP_COMMAND_MAX = 2048,	/* bytes of any line but AUTH's */
	SMTP_PATH_MAX = 256,		/* with its <> */
	SMTP_ENVID_MAX = 100,		/* encoded, RFC 3461 4.4 */
	SMTP_ORCPT_MAX = 500,		/* encoded, RFC 3461 4.2 */
};

struct smtp_mail {			/* parameters of MAIL */
	const char		*sender;	/* "" is <> */
	int64_t			 size;		/* -1: not said */
	bool			 body_8bit;	/* BODY=8BITMIME */
	bool			 utf8;		/* SMTPUTF8 */
	enum envelope_ret	 ret;		/* RET_NONE: not said */
	const char		*envid;		/* decoded; NULL */
};

struct smtp_rcpt {			/* parameters of RCPT */
	const char		*addr;
	bool			 utf8;		/* MAIL had SMTPUTF8 */
	unsigned		 notify;	/* enum envelope_notify; 0 */
	const char		*orcpt;		/* "type;address", decoded; NULL */
};

/* verb is a constant: "EHLO", "HELO". */
int	smtp_command_hello(struct buf *, const char *verb, const char *helo,
	    struct err *);
int	smtp_command_mail(struct buf *, const struct smtp_mail *, struct err *);
int	smtp_command_rcpt(struct buf *, const struct smtp_rcpt *, struct err *);

/* initial is base64, "=" or "" (none). */
int	smtp_command_auth(struct buf *, const char *mech, const char *initial,
	    struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * smtp_caps - what a server said in its reply to EHLO.
 *
 * Keywords are compared whole and without case; the first line is the
 * server's name and never a keyword. What is not known is ignored, what is
 * malformed counts as not said.
 *
 * Source	RFC 5321 4.1.1.1; 1870 (SIZE), 4954 (AUTH), 9422 (LIMITS)
 * Limits	SMTP_CAPS_AUTH_MAX bytes of mechanisms; the rest is not seen
 * Lenient	any blanks between words; "AUTH=PLAIN LOGIN"; of several SIZE
 *		lines or limits the smallest counts
 * Owns		auth
 * Pure
 */
#ifndef CORE_SMTP_CAPS_H
#define CORE_SMTP_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"

enum {
	SMTP_CAPS_AUTH_MAX = 1024,	/* bytes */
};

enum smtp_cap {			/* bits */
	SMTP_CAP_PIPELINING = 1, SMTP_CAP_SIZE = 2, SMTP_CAP_8BITMIME = 4,
	SMTP_CAP_SMTPUTF8 = 8, SMTP_CAP_DSN = 16, SMTP_CAP_CHUNKING = 32,
	SMTP_CAP_STARTTLS = 64, SMTP_CAP_AUTH = 128,
	SMTP_CAP_ENHANCED = 256,
};

struct smtp_caps {
	unsigned	bits;		/* enum smtp_cap */
	int64_t		size_max;	/* bytes; 0: none announced */
	int64_t		rcpt_max;	/* a transaction; 0: none announced */
	int64_t		mail_max;	/* transactions a session; 0: none */
	struct buf	auth;		/* "PLAIN LOGIN": upper case, once each */
};

void	smtp_caps_init(struct smtp_caps *);
void	smtp_caps_free(struct smtp_caps *);

/* Forget everything, as after STARTTLS. */
void	smtp_caps_reset(struct smtp_caps *);

/* The text of an EHLO reply: lines joined by LF (smtp_reply.text). Replaces
 * what was known. */
void	smtp_caps_parse(struct smtp_caps *, const char *p, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * envelope - who sent a message, to whom, and what they asked for; as a
 * struct and as text. The queue file begins with the text, and a worker's
 * job carries it.
 *
 * Shape	lines "key value\n" in this order, those in [] where they apply,
 *		every value percent-encoded: a byte outside 0x21..0x7e, '%' and
 *		'=' are %XX; an empty value is "%" (line.h reads such lines)
 *			id ID			arrival MICROSECONDS
 *			uid N			sender ADDR
 *			[ret full|headers]	[envid TEXT]
 *			[flags N]		[tag TEXT]
 *			[message-id TEXT]
 *			rcpt ADDR [orig=ADDR] [orcpt=TEXT]
 *			    [notify=never|success,failure,delay] [sender=ADDR]
 *		What is read is what was written: one envelope, one text.
 * Source	RFC 5321 2.3.1, RFC 3461 (notify, orcpt, ret, envid)
 * Limits	ENVELOPE_TEXT_MAX bytes; ENVELOPE_RCPT_MAX recipients
 * Errors	ERR_DATA: the text is no envelope
 * Owns		every string; envelope_free releases them
 * Pure
 */
#ifndef CORE_MAIL_ENVELOPE_H
#define CORE_MAIL_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/id.h"

enum {
	ENVELOPE_TEXT_MAX = 64 * 1024 * 1024,	/* bytes */
	ENVELOPE_RCPT_MAX = 200000,
};

enum envelope_notify {		/* RFC 3461 4.1; bits; 0: nothing said */
	NOTIFY_NEVER = 1,	/* alone */
	NOTIFY_SUCCESS = 2,
	NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8,
};

enum envelope_ret { RET_NONE, RET_FULL, RET_HDRS };

enum envelope_flag {		/* bits; what the message holds or wants */
	ENVELOPE_8BIT_BODY = 1,	/* an octet over 127 in the body */
	ENVELOPE_8BIT_HEADER = 2,	/* the same in the header section */
	ENVELOPE_LONG_LINES = 4,	/* a line over 998 octets */
	ENVELOPE_SMTPUTF8 = 8,	/* asked for by the submitter (-U, -bs) */
	ENVELOPE_QUEUE_ONLY = 16,	/* -odq: not due at once */
	ENVELOPE_REPORT = 32,	/* our own DSN: never reported on */
	ENVELOPE_DOUBLE = 128,	/* a report about a report: not even the
				   postmaster hears of its failure */
};

struct envelope_rcpt {
	char		*addr;		/* where it goes, "user@domain" */
	char		*orig;		/* as the submitter wrote it (before
					   aliases), completed; NULL: as addr */
	char		*orcpt;		/* "rfc822;user@dom", decoded; NULL */
	unsigned	 notify;	/* enum envelope_notify */
	char		*sender;	/* owner-NAME's; NULL: the message's */
};

struct envelope {
	char			 id[ID_SIZE];	/* "" before it is queued */
	int64_t			 arrival_us;
	uint32_t		 uid;		/* the submitter */
	char			*sender;	/* "" is <>; never NULL */
	enum envelope_ret	 ret;
	char			*envid;		/* decoded; NULL: none */
	unsigned		 flags;		/* enum envelope_flag */
	char			*tag;		/* -L; NULL: none */
	char			*message_id;	/* with its <>; NULL: none */
	struct envelope_rcpt	*rcpts;		/* owned array */
	size_t			 nrcpts;
};

void	envelope_init(struct envelope *);
void	envelope_free(struct envelope *);

/* Appends a zeroed recipient with a copy of addr; the pointer is good until
 * the next one is added. */
struct envelope_rcpt	*envelope_add_rcpt(struct envelope *, const char *addr);

/* The sender that recipient i is sent under; a null sender stays null. */
const char	*envelope_sender(const struct envelope *, size_t i);

void	envelope_write(const struct envelope *, struct buf *);

/* Strict: what envelope_write wrote and nothing else. On -1 *env is as
 * envelope_init leaves it. */
int	envelope_parse(const char *p, size_t n, struct envelope *,
	    struct err *);

/* One percent-encoded value, as above; shared with the queue's journal and
 * the worker's packets. Decoding is strict (false: not what encode wrote). */
void	envelope_encode(struct buf *, const char *p, size_t n);
bool	envelope_decode(struct buf *, const char *p, size_t n);

#endif

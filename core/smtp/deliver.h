/* SPDX-License-Identifier: ISC */
/*
 * smtp_deliver - messages over a session, until there are no more or the
 * session ends.
 *
 * With PIPELINING a transaction's commands go out together, and those of the
 * next one right behind the final dot of the one before: one round trip a
 * message. With CHUNKING too, small messages go out whole, one behind the
 * other, SMTP_WINDOW of them in flight; but never the first one of a session,
 * so that a relay which fails at once leaves nothing in doubt. Without,
 * one command at a time.
 *
 * Delivered means: a complete 2yz to our final dot (or BDAT LAST), and no
 * broken reply before it. Once that may have got out and no reply came,
 * nobody knows: OUTCOME_UNKNOWN. Everything else that a dying session leaves undecided is
 * owed again, and the caller chooses: another address, or later.
 *
 * Source	RFC 5321 3.3, 4.2; 2920 3.1 (groups; a lone dot where every
 *		recipient was refused); 1047 (the dot without a reply); 3030
 * Limits	SMTP_GROUP_MAX bytes or SMTP_GROUP_COMMANDS in one group, so
 *		that neither side's buffers fill up and block both
 */
#ifndef CORE_SMTP_DELIVER_H
#define CORE_SMTP_DELIVER_H

#include <stdbool.h>

#include "core/smtp/session.h"
#include "core/smtp/transaction.h"

enum {
	SMTP_WINDOW = 4,		/* most transactions in flight */
	SMTP_GROUP_MAX = 16 * 1024,	/* bytes */
	SMTP_GROUP_COMMANDS = 102,	/* MAIL, a hundred RCPTs, DATA */
};

struct smtp_end {		/* how a session that failed came to its end */
	/* The message in hand, still owing; NULL when it was none's turn, or
	 * when the end says nothing about it. */
	struct smtp_message	*culprit;
	bool			 denied;	/* 530: the relay refuses us */
	bool			 no_chunking;	/* it offers it, and cannot do it */
};

/*
 * 0: feed->next had nothing more, or s->over is set: no more transactions in
 * this session (a limit). -1: the session is at its end and must be closed;
 * err says why. Messages that were begun and are not done still owe
 * recipients, and feed->next must give them again.
 */
int	smtp_deliver(struct smtp_session *, const struct smtp_feed *,
	    struct smtp_end *, struct err *);

#endif

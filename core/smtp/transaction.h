/* SPDX-License-Identifier: ISC */
/*
 * smtp_transaction - which recipients of a message go next, and the commands
 * that say so; built whole before the first of them is sent.
 *
 * A message may need several: one for each envelope sender (owner-NAME), and
 * for every so many recipients. What the relay cannot take is settled here,
 * without asking it: a message over its SIZE, an address that needs an
 * extension which it does not offer, a body that cannot be re-encoded.
 *
 * Limits	SMTP_RCPTS_MAX recipients, whatever the configuration says
 * Owns		arrays and commands; the message is kept
 */
#ifndef CORE_SMTP_TRANSACTION_H
#define CORE_SMTP_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/mail/job.h"
#include "core/mail/outcome.h"
#include "core/smtp/session.h"

enum {
	SMTP_RCPTS_MAX = 1000,		/* in one transaction */
	SMTP_CHUNK_MAX = 64 * 1024,	/* bytes of a message for BDAT: larger ones
					   are not sent before we know whether
					   anybody wants them */
	SMTP_CHUNK_RCPTS_MAX = 100,
};

enum smtp_rcpt_state {
	SMTP_RCPT_OWED,		/* to be put into a transaction */
	SMTP_RCPT_ASKED,	/* in one, without an answer */
	SMTP_RCPT_ACCEPTED,	/* RCPT was accepted */
	SMTP_RCPT_SETTLED,	/* its outcome was given */
};

struct smtp_message {
	const struct job	*job;		/* kept */
	int			 fd;		/* kept; read by pread only */
	unsigned char		*rcpts;		/* owned; enum smtp_rcpt_state */
	size_t			 open;		/* how many are not settled */
	size_t			 owed_from;	/* none is owed before this one */
	bool			 bare;		/* it did not take parameters that
						   can be left out */
	unsigned		 need;		/* enum mime_need: planned for */
	struct mime		*mime;		/* owned; NULL: sent as it is */
	int64_t			 size;		/* bytes that will be sent */
	bool			 refused;	/* 5yz to one of its recipients */
};

void	smtp_message_init(struct smtp_message *, const struct job *, int fd);
void	smtp_message_free(struct smtp_message *);

/* Is a recipient owed? Moves owed_from. */
bool	smtp_message_owes(struct smtp_message *);

/* Makes ready to be sent to a relay that needs this (enum mime_need). */
int	smtp_message_plan(struct smtp_message *, unsigned need, struct err *);

/* Who is told; see core/smtp/deliver.h for the rest. */
struct smtp_feed {
	/* The next message in turn, or NULL: none now. Never waits. */
	struct smtp_message	*(*next)(void *arg);
	void	(*outcome)(void *arg, struct smtp_message *, size_t i,
		    const struct outcome *);
	/* Every recipient is settled; the message may be freed. */
	void	(*done)(void *arg, struct smtp_message *);
	/* Can be read when next may have something; -1: no use in waiting. */
	int	fd;
	/* Is there still somebody who takes note? Asked before each final dot;
	 * if not, it is not sent. */
	bool	(*alive)(void *arg);
	void	*arg;
	/* From before a final dot goes out until its outcome was told, nobody
	 * knows whether a message was accepted. NULL: does not matter. */
	void	(*between)(void *arg, bool now);
};

struct smtp_transaction {
	struct smtp_message	*msg;		/* NULL: there is none */
	size_t			*rcpts;		/* owned; numbers in the job */
	size_t			 nrcpts;
	struct buf		 commands;	/* [RSET] MAIL RCPT ... DATA, or
						   BDAT and the message */
	size_t			*ends;		/* owned; of each in commands */
	size_t			 ncommands;
	size_t			 sent, answered;	/* commands */
	bool			 reset;		/* RSET is the first one */
	bool			 dsn;		/* DSN parameters are said */
	bool			 optional;	/* some could be left out */
	bool			 chunked;	/* BDAT */
	bool			 mail_taken;
	bool			 opened;	/* 354 */
	bool			 dotted;	/* the dot, or BDAT LAST, may have
						   got out */
	bool			 ended;		/* and said: another may follow */
	size_t			 accepted;	/* RCPTs */
	bool			 full;		/* 452 after an accepted one */
	bool			 full_lied;	/* and yet one was accepted */
	int64_t			 connect_ms;
	int64_t			 begun_ms, opened_ms;	/* 0: not yet */
};

/*
 * Builds the next transaction of a message that owes one. False when nothing
 * is left to send (everything was settled); *t is then zeroed.
 */
bool	smtp_transaction_init(struct smtp_transaction *, struct smtp_session *,
	    struct smtp_message *, const struct smtp_feed *);
void	smtp_transaction_free(struct smtp_transaction *);

/*
 * Makes BDAT of the DATA, with the message behind it, where that may be: the
 * relay offers CHUNKING and PIPELINING, and the message is small. False if
 * not. -1 in *ret: the message cannot be read; nothing was changed.
 */
bool	smtp_transaction_chunk(struct smtp_transaction *,
	    const struct smtp_session *, int *ret, struct err *);

/* What the k-th command is; *rcpt is the index into rcpts for RCPT. */
enum smtp_phase	smtp_transaction_phase(const struct smtp_transaction *,
	    size_t k, size_t *rcpt);

/* Tells the outcome of one recipient; t may be NULL (before a transaction),
 * s too (no session). Completes relay, delays and dsn. */
void	smtp_settle(struct smtp_session *s,
	    const struct smtp_transaction *t, struct smtp_message *,
	    const struct smtp_feed *, size_t i, struct outcome *);

/* The same for all who are owed: failed by an ERR_PERM, else deferred. */
void	smtp_settle_owed(struct smtp_session *,
	    const struct smtp_transaction *, struct smtp_message *,
	    const struct smtp_feed *, const struct err *);

/* An outcome from the last reply, or from an error. */
void	smtp_outcome_reply(struct outcome *, enum outcome_verdict,
	    const struct smtp_reply *);
void	smtp_outcome_err(struct outcome *, enum outcome_verdict,
	    const struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * intake - one message on its way into the queue, whoever reads it.
 *
 * start, recipients, feed until the input ends, commit. The header section
 * is collected; with its end the envelope is known and the draft begun; the
 * body flows through. Until commit has returned 0 there is no message.
 *
 * Limits	max_header_size, max_message_size, max_recipients, max_hops
 * Errors	ERR_DATA (65) what is wrong with the message, ERR_DENIED a
 *		sender that is not the caller's, ERR_TEMP the queue
 * Owns		draft, envelope, buffers; intake_close releases them and aborts
 *		what was not committed
 */
#ifndef CMD_SENDMAIL_INTAKE_H
#define CMD_SENDMAIL_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/sendmail/front.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/mail/envelope.h"
#include "core/mail/expand.h"
#include "core/mail/message.h"
#include "queue/queue.h"

enum {
	INTAKE_BLOCK = 64 * 1024,	/* most bytes fed at once */
};

struct intake_wish {			/* borrowed; what one message asks for */
	const char		*sender;	/* parsed; "" is <>; NULL: none */
	bool			 take_rcpts;	/* -t */
	bool			 ignore_dots;	/* -i */
	bool			 crlf_strict;	/* -bs */
	bool			 bounce_is_safe;	/* queue a bounce alone */
	bool			 utf8;		/* SMTPUTF8 was asked for */
	enum envelope_ret	 ret;
	const char		*envid;		/* decoded; NULL */
	const char		*full_name;	/* NULL: none */
	const char		*with, *peer;	/* of Received; NULL */
};

struct intake {
	struct front		*front;		/* borrowed */
	struct intake_wish	 wish;
	struct envelope		 env;
	struct expand		 expand;
	struct message		 message;
	struct draft		 draft;
	struct buf		 out;
	bool			 begun;		/* the envelope is in the draft */
	char			 id[ID_SIZE];	/* once committed */
	size_t			 nfailed;	/* last recipients of env */
	int64_t			 relay_max;	/* bytes; 0: none is known */
	const char		*relay;		/* borrowed; whose that is */
};

/* What -f says; *sender is allocated, NULL without -f. */
int	intake_parse_sender(const struct options *, char **sender,
	    struct err *);

int	intake_start(struct intake *, struct front *,
	    const struct intake_wish *, struct err *);

/* The envelope's sender without a header to look at, for -bv. */
void	intake_set_sender(struct intake *);

/* Every mailbox of an argument; what cannot be served is a problem beside
 * the others (intake.expand). -1: over max_recipients, aliases unreadable. */
int	intake_rcpts(struct intake *, const char *text, unsigned notify,
	    struct err *);

/* One parsed address; -1 with the reason also when it alone is refused. */
int	intake_rcpt(struct intake *, const char *addr, unsigned notify,
	    const char *orcpt, struct err *);

/* Why recipient problem i is one, with its address in front; -1. */
int	intake_name_problem(const struct intake *, size_t i, struct err *);

/* Takes the draft that was made before the drop, or a new one. */
int	intake_open(struct intake *, struct err *);

/* n <= INTAKE_BLOCK. */
int	intake_feed(struct intake *, const char *p, size_t n, struct err *);
bool	intake_ended(const struct intake *);	/* a lone dot came */
int	intake_commit(struct intake *, struct err *);
void	intake_close(struct intake *);

#endif

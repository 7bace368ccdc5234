/* SPDX-License-Identifier: ISC */
/*
 * server - an SMTP server's side of a session, bytes in and bytes out.
 *
 * What it is asked to do it does through server_ops; nothing is accepted
 * (250) before the op has returned 0. Only CRLF "." CRLF ends DATA, and only
 * CRLF "." begins a stuffed line: with a bare LF or CR nothing is smuggled
 * into or out of a message. A bare LF ends a command line.
 *
 * Source	RFC 5321; 1870 (SIZE), 2034, 2920, 3030 (CHUNKING), 3461 (DSN),
 *		6152 (8BITMIME), 6531 (SMTPUTF8), 1985 (ETRN)
 * Limits	SERVER_LINE_MAX, SERVER_ERRORS_MAX; others are the ops'
 * Lenient	no HELO is needed before MAIL; blanks behind "FROM:" and "TO:";
 *		a path without its <>
 * Errors	none of its own: they are replies. An op's error becomes one by
 *		its kind and dsn.
 * Owns		its buffers and what the transaction holds
 * Pure		but for the ops
 */
#ifndef CORE_SMTP_SERVER_H
#define CORE_SMTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/id.h"
#include "core/mail/envelope.h"

enum {
	SERVER_LINE_MAX = 4096,		/* bytes of a command, line end too */
	SERVER_ERRORS_MAX = 100,	/* refused commands in a session */
	SERVER_NAME_MAX = 255,		/* of HELO */
	SERVER_OUT_MAX = 1024 * 1024,	/* bytes of replies not yet written */
};

struct server_mail {			/* MAIL; borrowed by the op */
	char			*sender;	/* "" is <> */
	int64_t			 size;		/* SIZE=; 0: not said */
	bool			 utf8;		/* SMTPUTF8 */
	enum envelope_ret	 ret;
	char			*envid;		/* decoded; NULL */
};

struct server_rcpt {			/* RCPT; borrowed by the op */
	char			*addr;		/* bare or complete */
	unsigned		 notify;	/* enum envelope_notify */
	char			*orcpt;		/* "type;address", decoded; NULL */
};

struct server_ops {
	int	(*mail)(void *arg, const struct server_mail *, struct err *);
	int	(*rcpt)(void *arg, const struct server_rcpt *, struct err *);

	/* The first byte of the message is next. */
	int	(*begin)(void *arg, struct err *);
	int	(*write)(void *arg, const char *p, size_t n, struct err *);

	/* The message is whole; on 0 it is durable, and id is its name. */
	int	(*commit)(void *arg, char id[ID_SIZE], struct err *);

	/* The transaction is over, or given up; may come at any time. */
	void	(*reset)(void *arg);

	/* What a name leads to (EXPN), an address a line. */
	int	(*expand)(void *arg, const char *addr, struct buf *lines,
		    struct err *);

	/* A pass over the queue is wanted (ETRN). */
	int	(*flush)(void *arg, struct err *);

	/* Something was refused; NULL: the replies are enough. */
	void	(*refused)(void *arg, const struct err *);
};

struct server_facts {			/* borrowed */
	const char	*hostname;
	int64_t		 size_max;	/* 0: none */
	bool		 batch;		/* -bS: no replies, no waiting for them */
};

enum server_state {
	SERVER_COMMAND,
	SERVER_DATA,
	SERVER_CHUNK,		/* the bytes of a BDAT */
	SERVER_CLOSED,		/* QUIT, or given up; nothing more is read */
};

struct server {
	struct server_facts		 facts;
	const struct server_ops		*ops;
	void				*arg;
	enum server_state		 state;
	struct buf			 out;	/* replies; the caller writes them
						   and resets it */
	char	peer[SERVER_NAME_MAX + 1];	/* HELO's name; "" before */
	bool				 extended;	/* EHLO */

	struct server_mail		 mail;	/* owned */
	bool				 in_mail;	/* MAIL was accepted */
	size_t				 nrcpts;	/* accepted ones */
	bool				 begun;		/* ops->begin was called */
	bool				 chunked;	/* BDAT has come */
	bool				 discard;	/* bytes lead nowhere */
	struct err			 why;		/* the first error of the data */

	struct buf			 line;		/* private: a command */
	int				 dot;		/* private */
	int64_t				 left;		/* private: of the chunk */
	bool				 last;		/* private: BDAT LAST */
	unsigned			 errors;	/* private */
};

/* The greeting stands in out. */
void	server_init(struct server *, const struct server_facts *,
	    const struct server_ops *, void *arg);

/* Takes bytes of p[0..n) and returns how many: all, unless out is nearly full
 * or the session is closed. */
size_t	server_feed(struct server *, const char *p, size_t n);

/* The peer is silent for too long: 421. */
void	server_timeout(struct server *);

/* Is there a transaction that the end of input would cut off? */
bool	server_busy(const struct server *);
void	server_free(struct server *);

#endif

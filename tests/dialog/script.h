/* SPDX-License-Identifier: ISC */
/*
 * script - a written dialogue, and a stream that plays the server's part.
 *
 * Shape of a *.smtp file: cases, each begun by "== name"; "#" is a comment.
 *	conf: key=value ...	of [relay]: tls, user, password, auth,
 *				recipients_per_transaction,
 *				messages_per_connection, verify=no
 *	caps: A|B|C		a usual beginning, with these in EHLO; the case
 *				is then played plain, over STARTTLS, and with
 *				TLS from the start
 *	size: N			bytes of every message, instead of a short one
 *	mail: <from> to ... [8bit] [8bit-header] [utf8] [hdrs] [full]
 *		[envid=V] [notify=BITS] [torn]
 *	C: line			we must say this (@body: the message and the
 *				dot; @text: the message, stuffed;
 *				@raw: the message as it is; @some: any bytes)
 *	S: line			the server says this
 *	S= text			the same without CRLF; \r \n \0 \xHH are bytes
 *	S close, S reset, S timeout
 *	W fail			our next write fails
 *	T ok, T unverified, T fail	the TLS handshake
 *	end: idle | over | lost TEXT | closed PHASE TEXT
 *	out: address verdict dsn text...
 */
#ifndef TESTS_DIALOG_SCRIPT_H
#define TESTS_DIALOG_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/smtp/stream.h"

enum event_kind {
	EVENT_C, EVENT_SOME, EVENT_S, EVENT_CLOSE, EVENT_RESET, EVENT_TIMEOUT,
	EVENT_W_FAIL, EVENT_T_OK, EVENT_T_UNVERIFIED, EVENT_T_FAIL,
};

struct event {
	enum event_kind	 kind;
	char		*p;		/* owned; C: the line, S: the bytes */
	size_t		 n;
	int		 line;		/* of the file */
};

enum chunking { BY_EVENT, GLUED, BY_BYTE };

struct script {
	struct event	*v;
	size_t		 n;
	size_t		 at;		/* next one to happen */
	size_t		 at_byte;	/* of an S */
	struct buf	 got;		/* what we said and nobody matched yet */
	enum chunking	 chunking;
	char		 wrong[600];	/* what went against the script; "" */
};

void	script_add(struct script *, enum event_kind, const char *p, size_t n,
	    int line);
void	script_free(struct script *);

/* Borrows the script. */
void	script_stream(struct script *, struct stream *);

/* Notes what went wrong, the first time only. */
void	script_wrong(struct script *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Everything must have happened. */
void	script_finish(struct script *);

/* The script behind a stream, for the TLS stand-in. */
struct script	*script_of(struct stream *);

/* Matches what we said against the C lines that are due. */
void	script_advance(struct script *);

#endif

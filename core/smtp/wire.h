/* SPDX-License-Identifier: ISC */
/*
 * smtp_wire - commands out, replies in, over a stream; and the trace.
 *
 * Commands are collected and leave with smtp_wire_flush in one write. Every
 * wait has a phase, which gives its time-out and its name in errors. A reply
 * that is malformed, cut, late, or not asked for ends the session.
 *
 * Errors	ERR_PROTO "4.5.0" (malformed), "4.4.2" (closed, lost); ERR_TEMP
 *		"4.4.2" with sys = ETIMEDOUT; after one every call fails
 * Owns		the stream and the buffers
 */
#ifndef CORE_SMTP_WIRE_H
#define CORE_SMTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/smtp/phase.h"
#include "core/smtp/reply.h"
#include "core/smtp/stream.h"

enum {
	SMTP_WIRE_IN = 8192,		/* bytes read at once */
	SMTP_WIRE_OUT = 256 * 1024,	/* most bytes that wait for a flush */
};

/* One line of the dialogue, without line end and without secrets; who is 'C'
 * or 'S'. It may hold any other byte. */
typedef void	(*smtp_trace)(void *arg, char who, const char *p, size_t n);

struct smtp_wire {
	struct stream		 stream;	/* owned */
	struct smtp_reply	 reply;		/* the last one read */
	struct buf		 out;
	const struct conf_relay	*relay;		/* kept; for time-outs */
	smtp_trace		 trace;		/* NULL: none */
	void			*trace_arg;

	char			 in[SMTP_WIRE_IN];	/* private */
	size_t			 in_at, in_n;		/* private */
	int64_t			 waited_ms;		/* private */
	bool			 broken;		/* private */
	struct err		 err;			/* private: once broken */
};

/* Takes the stream: *stream is zeroed. */
void	smtp_wire_open(struct smtp_wire *, struct stream *stream,
	    const struct conf_relay *, smtp_trace, void *trace_arg);
void	smtp_wire_close(struct smtp_wire *);

/*
 * One line, with its CRLF, to the commands that wait. shown is what the trace
 * has instead of a line that holds secrets; NULL shows the line itself.
 */
void	smtp_wire_say(struct smtp_wire *, const char *p, size_t n,
	    const char *shown);

int	smtp_wire_flush(struct smtp_wire *, enum smtp_phase, struct err *);

/* Reads one reply into w->reply. */
int	smtp_wire_read(struct smtp_wire *, enum smtp_phase, struct err *);

/* say, flush and read. */
int	smtp_wire_ask(struct smtp_wire *, enum smtp_phase, const char *p,
	    size_t n, const char *shown, struct err *);

/*
 * With no reply outstanding: has the server said nothing more? -1 for bytes
 * that nobody asked for, a 421 among them, and for a connection that is gone.
 */
int	smtp_wire_quiet(struct smtp_wire *, struct err *);

/*
 * Waits until a reply can be read (true), or until other_fd can (false). The
 * time counts against the next reply's; when it is over, true.
 */
bool	smtp_wire_wait(struct smtp_wire *, enum smtp_phase, int other_fd);

/* Whether something came without being asked for; costs a look at the
 * socket, reads nothing. */
bool	smtp_wire_stirs(struct smtp_wire *);

/* "WHAT: 550 5.1.1 no such user" for an answer that ends the session; the
 * dsn is the reply's with class 4. Returns -1. */
int	smtp_wire_refuse(const struct smtp_wire *, const char *what,
	    struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * stream - bytes to and from a peer, with a deadline and a sticky error.
 *
 * Kinds: a socket (stream_fd), TLS over a socket (core/smtp/tls), and in
 * tests a script, a fuzzer's input, one byte at a time.
 *
 * Units	deadlines are clock_tick_ms values
 * Errors	ERR_PROTO for the peer's faults (closed, reset, malformed TLS),
 *		ERR_TEMP for ours and for time-outs (err.sys = ETIMEDOUT). Sticky:
 *		after one every call fails with the same error.
 * Owns		what its kind opened; stream_close releases it
 */
#ifndef CORE_SMTP_STREAM_H
#define CORE_SMTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"

struct stream;

struct stream_ops {
	/* > 0 bytes, 0 end of file, -1 error in s->err. Blocks at most until
	 * the deadline. */
	ssize_t	(*read)(struct stream *, char *p, size_t n);

	/* All n bytes, or -1. */
	int	(*write)(struct stream *, const char *p, size_t n);

	/* Would a read not block (bytes, or the end, are there)? Waits at most
	 * wait_ms. */
	bool	(*readable)(struct stream *, int wait_ms);

	/* fd to poll beside others, or -1. */
	int	(*fd)(struct stream *);

	void	(*close)(struct stream *);
};

struct stream {
	const struct stream_ops	*ops;
	int64_t			 deadline_ms;	/* 0: none */
	bool			 failed;
	struct err		 err;		/* valid once failed */
	void			*impl;		/* owned by the kind */
};

ssize_t	stream_read(struct stream *, char *p, size_t n, struct err *);
int	stream_write(struct stream *, const char *p, size_t n, struct err *);
bool	stream_readable(struct stream *, int wait_ms);
int	stream_pollfd(struct stream *);
void	stream_set_timeout(struct stream *, int64_t timeout_ms);

/* Safe on a zeroed struct, and twice. */
void	stream_close(struct stream *);

/* Takes fd (made non-blocking). TCP_NODELAY is the opener's. */
void	stream_open_fd(struct stream *, int fd);

#endif

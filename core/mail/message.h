/* SPDX-License-Identifier: ISC */
/*
 * message - from bytes as callers pipe them to the form on the wire.
 *
 * Line ends become CRLF, NUL is dropped, a bare CR becomes a space in the
 * header and a line end in the body; what is a header line or a lone dot is
 * decided before that, on the line as it was read. An mbox "From " line at
 * the start (also ">From ") goes. A last line without an end gets one. Dot-
 * stuffing is the wire's business (core/smtp/dot), not done here.
 *
 * The header section is collected (message.header, capped), the body flows
 * through. A message whose first line is no header field has an empty header
 * section. Use: feed until state is MESSAGE_BODY or MESSAGE_END, write the
 * finished header and an empty line (CRLF) to the draft, then feed on and
 * write `out`.
 *
 * A dot that the input ends in, without a line end, is data, and so is one
 * that any other byte stands beside (NUL, CR). With crlf_strict a bare LF
 * still ends a line of the message, but a dot beside one is data.
 *
 * Source	INTERFACE 3; RFC 5322 2.1, 2.3; RFC 5321 2.3.8
 * Limits	the header section by opts.header_max; nothing else is held
 * Errors	ERR_DATA, "5.3.4": header section over its limit
 * Pure
 */
#ifndef CORE_MAIL_MESSAGE_H
#define CORE_MAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	MESSAGE_LINE_MAX = 998,		/* RFC 5322 2.1.1; bytes without CRLF */
	MESSAGE_NAME_MAX = 998,		/* a longer field name is none */
	MESSAGE_SLACK = 2048,		/* bytes; see message_feed */
};

enum message_state {
	MESSAGE_START,		/* nothing seen: an mbox line may come */
	MESSAGE_HEADER,
	MESSAGE_BODY,		/* header is complete */
	MESSAGE_END,		/* a lone dot was read; the rest is not ours */
};

struct message_opts {
	bool	ignore_dots;		/* -i: a lone dot is data */
	bool	crlf_strict;		/* -bs: only CRLF "." CRLF is a lone dot */
	size_t	header_max;		/* bytes */
};

struct message {
	struct message_opts	opts;
	enum message_state	state;
	struct buf		header;		/* owned; fields with CRLF, without
						   the empty line */
	int64_t			body_size;	/* bytes given out so far */
	unsigned		flags;		/* ENVELOPE_8BIT_*, _LONG_LINES */

	struct buf		line;		/* private: a piece not yet decided */
	size_t			line_len;	/* private: of the line so far */
	unsigned		hold;		/* private: CR, dot, ... pending */
};

void	message_init(struct message *, const struct message_opts *);
void	message_free(struct message *);

/*
 * Takes bytes of p[0..n), returns how many, or -1. It stops early right
 * after the header section's end (state has become MESSAGE_BODY) and at
 * MESSAGE_END. Body bytes are added to out, whose cap must have room for
 * 2 * n + MESSAGE_SLACK more; none are before the call after the one that
 * ended the header section, except by message_finish.
 */
ssize_t	message_feed(struct message *, const char *p, size_t n,
	    struct buf *out, struct err *);

/* End of input: the rest, and the last line's end; out as above, with n 0. If
 * the header had not ended it ends here, and belongs in front of out. */
int	message_finish(struct message *, struct buf *out, struct err *);

#endif

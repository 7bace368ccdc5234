/* SPDX-License-Identifier: ISC */
/*
 * input - a message on standard input, for mdn and report: normalised as the
 * front does it (line ends, mbox line, NUL), and the rest of it read away.
 *
 * Errors	ERR_INPUT; ERR_DATA: the header section is over INPUT_HEADER_MAX
 */
#ifndef CMD_SENDOFF_INPUT_H
#define CMD_SENDOFF_INPUT_H

#include "core/base/err.h"
#include "core/mail/message.h"

enum {
	INPUT_HEADER_MAX = 1024 * 1024,		/* bytes */
	INPUT_BODY_MAX = 16 * 1024 * 1024,	/* bytes that are kept */
};

/* m was initialised by nobody; free it in any case. What of the body goes
 * over max bytes is dropped. */
int	input_read(struct message *m, struct buf *body, size_t max,
	    struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * err - why something failed, in words that somebody will read.
 *
 * A function that can fail takes struct err * last, and fills it exactly
 * when it returns -1. The text is lower case without a final stop, the
 * outermost context first: "message 6A3F: open: No such file or directory".
 * Remote or user bytes in it must have gone through text_clean.
 *
 * Errors	failing cannot fail: the text is cut at its end
 */
#ifndef CORE_BASE_ERR_H
#define CORE_BASE_ERR_H

#include <stdbool.h>

#include "core/base/compat.h"

enum err_kind {
	ERR_NONE,
	ERR_TEMP,	/* may pass: try later; exit 75 */
	ERR_PERM,	/* will not pass for this message: it bounces */
	ERR_PROTO,	/* the peer is broken: end the session, try later */
	ERR_USAGE,	/* the caller's words: exit 64 */
	ERR_DATA,	/* the caller's message or address: exit 65 */
	ERR_INPUT,	/* standard input cannot be read: exit 74 */
	ERR_SYSTEM,	/* of the system, will not pass: exit 71 */
	ERR_DENIED,	/* not permitted: exit 77 */
	ERR_CONF,	/* configuration: exit 78 */
};

struct err {
	enum err_kind	kind;
	int		sys;		/* errno, or 0 */
	char		dsn[12];	/* RFC 3463, "4.3.0", or "" */
	char		text[400];
};

/* All four return -1. dsn may be NULL for "". */
int	err_set(struct err *, enum err_kind, const char *dsn,
	    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Temporary, 4.3.0, ": strerror(errno)" added. */
int	err_sys(struct err *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "fmt: " in front of the text that is there. */
int	err_ctx(struct err *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Of err_sys: may the same call succeed later? Not where the name is wrong, or
 * not for us. What the system did not refuse will not pass. */
bool	err_may_pass(const struct err *);

/* The sysexits code that a program ends with for this kind. */
int	err_exit_status(const struct err *);

#endif

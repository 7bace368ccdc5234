/* SPDX-License-Identifier: ISC */
/*
 * limits - the largest message that the relays take, as the runner has last
 * heard it from them (SIZE, RFC 1870): whoever submits a larger one is told
 * at once, and not by a bounce.
 *
 * What was heard more than LIMITS_AGE_SEC ago, or before the configuration
 * last changed, does not count: a relay that has become more generous is
 * asked again. Where nothing is known there is no limit.
 *
 * Errors	none: it is a courtesy, and no reason to refuse mail
 * Owns		the array
 */
#ifndef CMD_SENDMAIL_LIMITS_H
#define CMD_SENDMAIL_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/conf.h"
#include "core/mail/envelope.h"
#include "queue/queue.h"

enum {
	LIMITS_AGE_SEC = 24 * 3600,
};

struct limits {				/* zeroed: none is known */
	int64_t	*v;			/* bytes, as conf.relays; 0: unknown */
	size_t	 n;
};

/* From what the queue's runner left there; the caller may read it. */
void	limits_load(struct limits *, const struct queue *,
	    const struct conf *);
void	limits_free(struct limits *);

/*
 * Over so many bytes not one of the first n recipients can be served, and
 * relay names who takes the most; 0: no such limit. Where some are served
 * the runner reports the others.
 */
int64_t	limits_message(const struct limits *, const struct conf *,
	    const struct envelope *, size_t n, const char **relay);

/* The same for whatever recipients; for EHLO. */
int64_t	limits_all(const struct limits *, const struct conf *);

#endif

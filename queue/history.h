/* SPDX-License-Identifier: ISC */
/*
 * history - the journal of one message, entry by entry, for people to read.
 *
 * Errors	ERR_TEMP: the file cannot be read, or changed meanwhile
 */
#ifndef QUEUE_HISTORY_H
#define QUEUE_HISTORY_H

#include "core/base/err.h"
#include "queue/format.h"
#include "queue/queue.h"

/* Every entry that was there when msg was loaded, in order. */
int	history_read(const struct queue_msg *,
	    void (*cb)(const struct format_entry *, void *arg), void *arg,
	    struct err *);

#endif

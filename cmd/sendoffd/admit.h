/* SPDX-License-Identifier: ISC */
/*
 * admit - is a message one that this queue takes?
 *
 * The front holds what it queues to the limits, so its own is not asked
 * again, not even if they were lowered since. A file that came through the
 * gate was written by the caller, who may have said anything in it.
 *
 * Errors	ERR_DATA "5.3.4" over max_message_size, "5.5.3" over
 *		max_recipients
 * Pure		looks at what was read of the message
 */
#ifndef CMD_SENDOFFD_ADMIT_H
#define CMD_SENDOFFD_ADMIT_H

#include "core/base/conf.h"
#include "core/base/err.h"
#include "queue/queue.h"

int	admit_check(const struct conf *, const struct queue_msg *,
	    struct err *);

#endif

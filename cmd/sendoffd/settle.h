/* SPDX-License-Identifier: ISC */
/*
 * settle - what an attempt's outcomes mean for the queue: reports first, then
 * the journal or the end of the file, then when it is tried again.
 *
 * What must be durable is, before the next step is taken: a report before
 * the journal says that it was made, and before the original goes.
 */
#ifndef CMD_SENDOFFD_SETTLE_H
#define CMD_SENDOFFD_SETTLE_H

#include "cmd/sendoffd/attempt.h"

enum settle_result {
	SETTLE_GONE,		/* every recipient is settled, the file too;
				   or it was found damaged */
	SETTLE_UNREMOVED,	/* settled, but the file could not be removed */
	SETTLE_STAYS,		/* settled says until when; still claimed */
	SETTLE_STUCK,		/* something could not be written: once more,
				   with the same outcomes, later */
};

struct settled {
	bool	untried;	/* somebody is owed whom nobody tried */
	int64_t	next_sec;	/* of those who were; 0: none was */
};

/* attempt->msg is NULL after GONE and UNREMOVED. */
enum settle_result	settle(struct attempt *, struct settled *);

#endif

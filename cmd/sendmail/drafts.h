/* SPDX-License-Identifier: ISC */
/*
 * drafts - where new queue files come from: the queue's directory, a child
 * that kept the group when we gave it back, or the runner's gate.
 *
 * drafts_open decides, with privilege if there is any; drafts_get may be
 * called before the privilege is dropped, and afterwards wherever the way is
 * the child or the gate or the queue is the caller's own.
 *
 * Errors	ERR_TEMP: no way in, no space (4.3.1), per_user (4.2.2);
 *		ERR_CONF: the directory is no queue
 * Owns		the queue and the child's socket
 */
#ifndef CMD_SENDMAIL_DRAFTS_H
#define CMD_SENDMAIL_DRAFTS_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/sendmail/keeper.h"
#include "core/base/conf.h"
#include "core/base/err.h"
#include "queue/queue.h"

struct drafts {
	const struct conf	*conf;		/* borrowed */
	uint32_t		 uid;		/* the caller's */
	struct queue		*queue;		/* NULL: not opened */
	struct keeper		 keeper;
	bool			 gate;
};

void	drafts_init(struct drafts *, const struct conf *, uint32_t uid);

/* keep: more than one draft will be asked for after the drop. */
int	drafts_open(struct drafts *, bool keep, struct err *);
int	drafts_get(struct drafts *, struct draft *, struct err *);
void	drafts_close(struct drafts *);

/* Opens the queue; one that is missing is made, whoever comes first, unless
 * it is the installed one. */
int	drafts_open_queue(const struct conf *, enum queue_mode,
	    struct queue **, struct err *);

/* Was it refused because this process may not? Then the gate may help. */
bool	drafts_refused(const struct err *);

#endif

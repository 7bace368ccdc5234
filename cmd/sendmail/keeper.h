/* SPDX-License-Identifier: ISC */
/*
 * keeper - a child that keeps the queue's group when its parent gives it
 * back, and does one thing with it: hand out drafts (-bs, -bS), or read-only
 * descriptors of the caller's own messages (mailq). It reads nothing of the
 * caller's and parses nothing; it ends when its socket's other end closes.
 *
 * Shape	the packets of the gate (queue/gate.h)
 * Errors	ERR_TEMP
 */
#ifndef CMD_SENDMAIL_KEEPER_H
#define CMD_SENDMAIL_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/conf.h"
#include "core/base/err.h"
#include "queue/queue.h"

struct drafts;

struct keeper {
	int	fd;			/* the parent's end; -1: no child */
	pid_t	pid;
};

int	keeper_start(struct drafts *, struct keeper *, struct err *);
int	keeper_draft(const struct keeper *, struct draft *, struct err *);

/* *alive: is there a runner? */
int	lister_start(const struct conf *, uint32_t uid, struct keeper *,
	    bool *alive, struct err *);

/* cb takes the descriptor, which is for queue_load_fd. */
int	lister_list(const struct keeper *, void (*cb)(const char *id,
	    bool active, int fd, void *arg), void *arg, struct err *);

/* The child ends, and leaves nothing behind. */
void	keeper_stop(struct keeper *);

#endif

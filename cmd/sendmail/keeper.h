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

#include "core/base/conf.h"
#include "core/base/err.h"
#include "queue/queue.h"

struct drafts;

/* *fd is the parent's end. */
int	keeper_start(struct drafts *, int *fd, struct err *);
int	keeper_draft(int fd, struct draft *, struct err *);

/* *alive: is there a runner? */
int	lister_start(const struct conf *, uint32_t uid, int *fd, bool *alive,
	    struct err *);

/* cb takes the descriptor, which is for queue_load_fd. */
int	lister_list(int fd, void (*cb)(const char *id, bool active, int fd,
	    void *arg), void *arg, struct err *);

#endif

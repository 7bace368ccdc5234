/* SPDX-License-Identifier: ISC */
/*
 * runner - is a daemon at work on this queue?
 *
 * DIR/runner holds the daemon's process id as text, and is locked (an open
 * file description lock) as long as it lives: no stale file can deceive, and
 * asking takes no lock that a stopped process could keep. `sendoffd --once`
 * does not take it: what keeps two runners apart is each message's own lock.
 *
 * Errors	ERR_TEMP
 */
#ifndef QUEUE_RUNNER_H
#define QUEUE_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "queue/queue.h"

/* *fd is to be kept open; -1 also when another daemon has it. */
int	queue_runner_lock(struct queue *, int *fd, struct err *);

/* *pid, which may be NULL, is 0 where it cannot be told. */
bool	queue_runner_alive(const struct queue *, int64_t *pid);

#endif

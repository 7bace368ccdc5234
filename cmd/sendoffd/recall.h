/* SPDX-License-Identifier: ISC */
/*
 * recall - what an earlier runner learnt about the relays (queue/stats.h).
 *
 * A relay that was down is not tried before its time: a runner that is
 * started again and again must not hammer it, nor have an account locked.
 * Whoever mends the configuration, a secret or a certificate and restarts
 * wants to see what comes of it: what was learnt before is forgotten then.
 */
#ifndef CMD_SENDOFFD_RECALL_H
#define CMD_SENDOFFD_RECALL_H

#include "cmd/sendoffd/runner.h"

void	recall_relays(struct runner *);

#endif

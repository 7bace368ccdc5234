/* SPDX-License-Identifier: ISC */
/*
 * serve - a worker's life: wait for a job, have a session, deliver, choose
 * another address when one fails, quit when idle.
 *
 * The next address or host is tried in the same pass after a failed or lost
 * connection, a time-out, a refused session, 421 and 530; not for a message
 * of which a recipient was refused for good, and never after a dot.
 */
#ifndef CMD_SENDOFF_DELIVER_SERVE_H
#define CMD_SENDOFF_DELIVER_SERVE_H

#include "core/smtp/session.h"

/* Serves the runner at the other end of socket until it closes it, or until
 * the relay cannot be used (which is said to the runner). */
void	serve(int socket, const struct smtp_setup *);

#endif

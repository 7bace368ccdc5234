/* SPDX-License-Identifier: ISC */
/*
 * spawn - the system calls behind a worker: its process, and its packets.
 *
 * The child gets: fd 0 the socket, 1 /dev/null, 2 ours; a process group of
 * its own (a terminal's ^C is for us to act on); an environment of PATH,
 * LANG and CREDENTIALS_DIRECTORY; no signal blocked; and it dies with us, so
 * that nothing is delivered whose outcome nobody could record.
 *
 * Errors	ERR_TEMP
 */
#ifndef CMD_SENDOFFD_SPAWN_H
#define CMD_SENDOFFD_SPAWN_H

#include <sys/types.h>

#include "core/base/err.h"
#include "core/mail/job.h"

struct worker_how;

int	spawn_worker(const struct worker_how *, pid_t *pid, int *fd,
	    struct err *);

/* The job's text in a memfd, ready to be read. */
int	spawn_job_fd(const struct job *, int *fd, struct err *);

/* "job N" with both descriptors. */
int	spawn_send_job(int fd, const struct job *, int msg_fd, int job_fd,
	    struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * process - what our caller left us in, replaced before anything else runs.
 *
 * Who calls is the real uid, in a set-user-id program too. The group that
 * set-group-id gave us is good for the configuration, the queue's directory
 * and one draft; process_drop gives it back for good.
 *
 * Errors	ERR_SYSTEM: the kernel refuses what it must not refuse
 */
#ifndef CMD_SENDMAIL_PROCESS_H
#define CMD_SENDMAIL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"

enum {
	PROCESS_NAME_MAX = 256,		/* bytes of NAME that are kept */
};

/* What is kept of the caller's state. */
struct process {
	bool	 stdin_closed;		/* fd 0 is /dev/null now */
	char	*name;			/* the environment's NAME, checked; owned;
					   NULL */
};

/*
 * Descriptors 0-2 are open and all others closed; the environment is a
 * constant; umask, signal actions and mask, timers and limits are ours; no
 * core, no tracer. Ends the process (EX_TEMPFAIL) where that cannot be had.
 */
void	process_init(struct process *);

/* Has set-group-id given us another group than the caller's? */
bool	process_privileged(void);

/* The caller's group, for good, and verified. */
int	process_drop(struct err *);

/* path, or the working directory and path; allocated. */
int	process_absolute(const char *path, char **out, struct err *);

/* Starts a program (argv[0] is its path); its standard output is out_fd, or
 * ours where that is -1. */
int	process_start(char *const argv[], int out_fd, pid_t *pid,
	    struct err *);

/* *status is what it exits with; EX_TEMPFAIL for one that was killed. */
int	process_wait(pid_t, int *status, struct err *);

/* Starts it for good: no descriptor and no terminal of ours is left to it. */
int	process_detach(char *const argv[], struct err *);

/* Becomes it; returns only with an error. */
int	process_become(char *const argv[], struct err *);

#endif

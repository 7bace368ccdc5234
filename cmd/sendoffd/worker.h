/* SPDX-License-Identifier: ISC */
/*
 * worker - one sendoff-deliver process: its start, its jobs, its words.
 *
 * core/mail/job.h is the contract. What a worker may say in which state is a
 * table; anything else is a broken worker, which is killed. Whatever happens,
 * each job that was given ends with exactly one call of done, returned or
 * lost, and the worker itself with gone. Of a worker that dies the first job
 * is lost; the others only where whole messages follow each other without a
 * wait (CHUNKING), since they may be with the relay then.
 *
 * Errors	ERR_TEMP: it could not be started, or given a job
 * Owns		the socket and the process
 */
#ifndef CMD_SENDOFFD_WORKER_H
#define CMD_SENDOFFD_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/mail/job.h"

enum worker_state {
	WORKER_STARTING,	/* it has not said that it is ready */
	WORKER_READY,		/* no session stands */
	WORKER_UP,		/* a session stands */
	WORKER_FINISHING,	/* was told to finish; its jobs count */
	WORKER_ENDING,		/* its jobs were returned; its end is near */
	WORKER_GONE,		/* its socket is closed; to be reaped */
};

struct worker;

/* What the owner hears. part is what worker_give was given. */
struct worker_calls {
	void	(*up)(struct worker *, const struct job_say *);
	void	(*down)(struct worker *, enum job_down,
		    const struct outcome *);
	/* false: there is no such recipient, or it was told before. */
	bool	(*rcpt)(struct worker *, void *part, uint32_t index,
		    const struct outcome *);
	/* ms: since it was given, or the job before it was done. */
	void	(*done)(struct worker *, void *part, int64_t ms);
	void	(*returned)(struct worker *, void *part);	/* not tried */
	void	(*lost)(struct worker *, void *part, const char *why);
	/* The last call; the struct may be freed in it. `why` is NULL for an
	 * end that was asked for. */
	void	(*gone)(struct worker *, const char *why);
};

struct worker_job {
	uint32_t	 number;
	void		*part;
	int64_t		 given_tick;
	int64_t		 deadline_tick;
};

struct worker {
	const struct worker_calls *calls;
	void			*owner;		/* the caller's */
	void			*lane;		/* the caller's */
	bool			 blamed;	/* the caller's */
	enum worker_state	 state;
	bool			 stood;		/* a session stood once */
	bool			 asked;		/* its end is no surprise */
	bool			 killed;	/* by us */
	bool			 deaf;		/* its end of the socket is gone */
	bool			 chunks;	/* several messages may be in flight */
	pid_t			 pid;
	int			 fd;
	struct worker_job	 jobs[JOB_WINDOW];
	size_t			 njobs;
	uint32_t		 last_number;
	int64_t			 tick;		/* of the start, the last job's
						   end, being told to finish */
	char			 why[160];	/* of its end; "" none */
};

/* What a worker is started with. */
struct worker_how {
	const char	*program;
	const char	*conf_path;	/* NULL: the default file */
	const char	*relay_name;	/* "" is the unnamed one */
	bool		 verbose;
};

/* Fills *worker in, but for what is the caller's. */
int	worker_start(struct worker *, const struct worker_how *,
	    const struct worker_calls *, int64_t tick, struct err *);

/* Can it take a job? */
bool	worker_takes(const struct worker *, size_t window);

/* job->number is set here. On -1 the fault is ours, and the worker as before;
 * or it does not listen: it is deaf then, and its end will be told. */
int	worker_give(struct worker *, void *part, struct job *, int msg_fd,
	    int64_t tick, struct err *);

/* Its socket can be read. Calls back; ends with gone only after worker_reap. */
void	worker_read(struct worker *, int64_t tick);

/* No more jobs: finish those in hand and quit. */
void	worker_finish(struct worker *, int64_t tick);

void	worker_kill(struct worker *, int sig, const char *why);

/* It has ended with this wait status: what it had said is heard, then gone. */
void	worker_reap(struct worker *, int status, int64_t tick);

/* When to look whether it hangs; it is killed if it does. */
int64_t	worker_deadline_tick(const struct worker *);
void	worker_check(struct worker *, int64_t tick);

#endif

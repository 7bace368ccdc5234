/* SPDX-License-Identifier: ISC */
/*
 * loop_part - what the files of the loop share with each other: the poll
 * itself (loop), signals (loop_signals), and time (loop_time).
 */
#ifndef CMD_SENDOFFD_LOOP_PART_H
#define CMD_SENDOFFD_LOOP_PART_H

#include <poll.h>
#include <signal.h>

#include "cmd/sendoffd/gate_server.h"
#include "cmd/sendoffd/runner.h"

struct loop {
	struct runner	*runner;
	int		 signal_fd;
	int		 watch_fd;	/* -1: none */
	int64_t		 watchdog_ms;	/* 0: none */
	int64_t		 watchdog_tick, scan_tick, review_tick, pass_tick;
	bool		 flush_asked;
	int64_t		 flush_tick;	/* not before */
	int64_t		 stop_tick;	/* 0: not told to stop */
	bool		 asked, killed;	/* workers, to end */
	int		 status;
	struct gate_server *gate;	/* owned; NULL: none */
	struct pollfd	*fds;		/* owned */
	struct worker	**polled;	/* owned; who fds[POLL_FIXED + i] is */
	size_t		 npolled, ngate, cap;
};

/* False: it ends when what is due is done. */
bool	loop_stays(const struct loop *);

/* Reads the directory's names; with a new watch before that, so that nothing
 * comes between. -1 was logged. */
int	loop_scan(struct loop *, bool watch_again);

void	loop_signal_set(sigset_t *);
void	loop_take_signals(struct loop *);

/* When time alone makes work, and that work. */
int64_t	loop_next_tick(const struct loop *);
void	loop_take_time(struct loop *, int64_t tick);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * loop - one poll(): new mail, signals, workers, the gate, and time.
 *
 * SIGTERM and SIGINT: finish what is in hand, abandon it after LOOP_STOP_MS.
 * SIGHUP: read the configuration again; a broken one is reported, the old one
 * stays. SIGUSR1: flush; SIGUSR2: relays
 * that were down are tried at once. Nothing here blocks but the disk.
 */
#ifndef CMD_SENDOFFD_LOOP_H
#define CMD_SENDOFFD_LOOP_H

#include "cmd/sendoffd/runner.h"

enum {
	LOOP_STOP_MS = 10000,		/* for the messages in hand */
	LOOP_KILL_MS = 20000,		/* for those that will not even die */
	LOOP_SCAN_MS = 300000,		/* in case an event was missed */
	LOOP_SCAN_BLIND_MS = 10000,	/* where there are no events */
	LOOP_REVIEW_MS = 60000,
	LOOP_FLUSH_MS = 1000,		/* between two flushes */
};

/* Blocks the signals that are handled; before anything is started. */
void	loop_block_signals(void);

/* Runs until told to stop, or (once, drain) until nothing is left to do.
 * Returns the exit status. runner->queue and ->site are open. */
int	loop_run(struct runner *);

#endif

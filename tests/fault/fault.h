/* SPDX-License-Identifier: ISC */
/*
 * fault - the disk, made to fail at the Nth call.
 *
 * fs_fault.c stands in for queue/fs.c: it makes the real calls, counts them,
 * and lets one of them (or two) fail, be cut short, or end the process.
 */
#ifndef TESTS_FAULT_FAULT_H
#define TESTS_FAULT_FAULT_H

#include <stddef.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_FAIL,		/* nothing is done; -1 and errno */
	FAULT_SHORT,		/* half is read or written, and that is said */
	FAULT_SHORT_FAIL,	/* half is written, and the next call fails */
	FAULT_KILL,		/* the process ends before the call */
	FAULT_KILL_HALF,	/* half is written, and the process ends */
};

enum { FAULT_KILLED = 99 };	/* its exit status then */

/*
 * From now on the calls are counted from 1; call number `at` trips, and with
 * FAULT_FAIL number `second` too (0: none).
 */
void	fault_arm(enum fault_kind, int sys, int at, int second);
void	fault_disarm(void);

/* Every call of this name fails, until fault_disarm. */
void	fault_refuse(const char *name, int sys);

/* Calls made since fault_arm, how many of them tripped, and their names,
 * each followed by a blank. */
int		fault_calls(void);
int		fault_trips(void);
const char	*fault_names(void);

#endif

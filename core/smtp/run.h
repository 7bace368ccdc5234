/* SPDX-License-Identifier: ISC */
/*
 * run - what a program prints, within a time.
 *
 * Use		before the worker locks itself down: afterwards nothing starts
 * Errors	ERR_TEMP "4.7.0" when it does not start, is too slow, prints
 *		too much, is killed, or (without `status`) ends with another
 *		status than 0
 */
#ifndef CORE_SMTP_RUN_H
#define CORE_SMTP_RUN_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/*
 * Runs argv[0] (a path) with a clean environment, no descriptor of ours but
 * standard error, /dev/null as its input, and adds what it prints to *out.
 * status (may be NULL) gets what it exits with.
 * Whatever it leaves running in its process group is killed.
 */
int	run_output(const char *const *argv, int64_t timeout_ms,
	    struct buf *out, int *status, struct err *);

#endif

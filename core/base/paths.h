/* SPDX-License-Identifier: ISC */
/*
 * paths - where things were installed, and where our other programs are.
 */
#ifndef CORE_BASE_PATHS_H
#define CORE_BASE_PATHS_H

#include "core/base/err.h"

extern const char paths_conf[];		/* SYSCONFDIR/sendoff/sendoff.conf */
extern const char paths_spool[];	/* SPOOLDIR */
extern const char paths_gate[];		/* RUNDIR/sendoff/gate */

/*
 * A sibling program ("sendoffd", "sendoff-deliver", "sendmail"): beside the
 * running one when that stands in a build tree (a sendoff-deliver beside it),
 * else where it was installed. Never through PATH. Returns an allocated path.
 */
char	*paths_program(const char *name);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * lockdown_filter - the system calls that a locked-down worker may make.
 *
 * Shape	a BPF program: machine, number, and for some the arguments;
 *		what is not in the list fails with ENOSYS, what is but not with
 *		such arguments with EPERM
 */
#ifndef CORE_SMTP_LOCKDOWN_FILTER_H
#define CORE_SMTP_LOCKDOWN_FILTER_H

#include "core/base/err.h"

int	lockdown_filter(struct err *);

#endif

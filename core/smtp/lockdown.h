/* SPDX-License-Identifier: ISC */
/*
 * lockdown - what a worker that was taken over can still do: next to nothing.
 *
 * Afterwards the process starts no program and no process, opens nothing for
 * writing, reads no file but the trust store and what the resolver needs,
 * opens sockets of the Internet and UNIX families only, connects by TCP to
 * the relay's ports and DNS only, listens nowhere, signals and traces nobody
 * else, and leaves no core. What is open stays open, and descriptors can
 * still be received.
 *
 * Use		after secrets, TLS context and log are there, before the first
 *		byte from the network. There is no way back.
 * Source	seccomp(2), landlock(7), prctl(2)
 * Lenient	a kernel without Landlock or seccomp filters, a machine whose
 *		system call numbers are not known here, a build with a
 *		sanitizer: as much as there is
 * Errors	ERR_SYSTEM when the kernel has a means and it cannot be used
 */
#ifndef CORE_SMTP_LOCKDOWN_H
#define CORE_SMTP_LOCKDOWN_H

#include <stddef.h>

#include "core/base/conf.h"
#include "core/base/err.h"

struct lockdown_paths {
	const char *const	*read;	/* borrowed; files and directories that
					   may be read beside the resolver's and
					   the trust store; missing ones too */
	size_t			 nread;
	const int		*ports;	/* borrowed; TCP ports to connect to,
					   and DNS; none: any port */
	size_t			 nports;
};

int	lockdown_worker(const struct lockdown_paths *, struct err *);

/* The same for a session with this relay: its ports (any with lookup = srv,
 * which learns them later), and what Kerberos reads if auth lists GSSAPI. */
int	lockdown_relay(const struct conf_relay *, struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * notify - what a service manager wants to hear (sd_notify(3), by hand).
 *
 * Errors	none: without NOTIFY_SOCKET, or when it is full, nothing is said
 * Owns		one socket
 */
#ifndef CMD_SENDOFFD_NOTIFY_H
#define CMD_SENDOFFD_NOTIFY_H

#include <stdint.h>

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment.
 * Returns how often, in ms, notify_watchdog is to be called; 0: never. */
int64_t	notify_open(void);
void	notify_close(void);

void	notify_ready(void);
void	notify_reloading(void);		/* then notify_ready again */
void	notify_stopping(void);
void	notify_watchdog(void);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * gate_server - the runner's end of the gate (queue/gate.h): drafts for those
 * who cannot make one, passes for those who ask, lists of one's own.
 *
 * Everything that comes is hostile: a word too many, a descriptor, silence,
 * a reader that does not read, a thousand callers; all of it ends with that
 * caller's connection closed, and nobody else waits.
 *
 * Limits	GATE_SERVER_CLIENTS at once, GATE_SERVER_PER_UID of one uid (root
 *		has no such limit); drafts: a burst, then so many a second of
 *		each uid, the rest waits; passes for users other than root and
 *		the owner: one in 10 s
 * Owns		the socket, its name, and the connections
 */
#ifndef CMD_SENDOFFD_GATE_SERVER_H
#define CMD_SENDOFFD_GATE_SERVER_H

#include <poll.h>

#include "cmd/sendoffd/runner.h"

enum {
	GATE_SERVER_CLIENTS = 256,
	GATE_SERVER_PER_UID = 32,
	GATE_SERVER_ASK_MS = 5000,	/* for the request */
	GATE_SERVER_READ_MS = 10000,	/* for an answer to be taken */
	GATE_SERVER_PASS_MS = 10000,	/* between passes of users */
	GATE_SERVER_BURST = 200,	/* drafts */
	GATE_SERVER_PER_SEC = 50,
};

struct gate_server;

/* path NULL: no gate, and every other function does nothing. A gate that
 * cannot be opened is logged, and tried again by gate_server_time. */
struct gate_server	*gate_server_open(struct runner *, const char *path);
void	gate_server_close(struct gate_server *);

/* fds for poll, at most GATE_SERVER_CLIENTS + 1; how many. */
size_t	gate_server_fds(const struct gate_server *, struct pollfd *fds);

/* The same fds, after poll. */
void	gate_server_take(struct gate_server *, const struct pollfd *fds,
	    size_t n, int64_t tick);

/* What time and passes bring; to be called after each poll. */
void	gate_server_time(struct gate_server *, int64_t tick);
int64_t	gate_server_tick(const struct gate_server *);

#endif

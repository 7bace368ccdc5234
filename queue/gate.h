/* SPDX-License-Identifier: ISC */
/*
 * gate - the runner's socket, for callers who did not get the queue's group
 * and for those who want a pass made.
 *
 * Shape	SOCK_SEQPACKET at the configured path. One request a connection:
 *		"draft"			-> "draft ID" + 1 descriptor (the locked
 *					   draft; its name is durable already),
 *					   or "no DSN TEXT"
 *		"flush"			-> "progress DONE TOTAL" ..., "flushed"
 *		"list"			-> "msg ID ACTIVE" + 1 descriptor ...
 *					   (the caller's; queue_abridge), "end"
 *		Values are encoded as in an envelope. The caller is who
 *		SO_PEERCRED says.
 * Limits	GATE_PACKET_MAX; the client waits GATE_WAIT_MS for each answer
 *		but a flush's
 * Errors	ERR_TEMP
 */
#ifndef QUEUE_GATE_H
#define QUEUE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "queue/queue.h"

enum {
	GATE_PACKET_MAX = 4096,		/* bytes */
	GATE_WAIT_MS = 900,		/* so that 75 comes within a second */
	GATE_FDS_MAX = 2,		/* that a packet may carry */
};

/* Client side. */
int	gate_draft(const char *path, struct draft *, struct err *);

/* progress may be NULL; returns when the pass was made. */
int	gate_flush(const char *path, void (*progress)(int64_t done,
	    int64_t total, void *arg), void *arg, struct err *);

/* cb takes fd, which is for queue_load_fd. */
int	gate_list(const char *path, void (*cb)(const char *id, bool active,
	    int fd, void *arg), void *arg, struct err *);

/* Server side: the pieces that the runner's loop is made of. */
int	gate_listen(const char *path, int *fd, struct err *);

/* One packet with its descriptors; 0 is the end, -1 an error (EAGAIN too). */
int	gate_send(int fd, const char *p, size_t n, const int *fds, size_t nfds,
	    struct err *);
int	gate_receive(int fd, struct buf *, int fds[GATE_FDS_MAX], size_t *nfds,
	    struct err *);
int	gate_peer_uid(int fd, uint32_t *uid, struct err *);

#endif

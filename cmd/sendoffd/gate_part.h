/* SPDX-License-Identifier: ISC */
/*
 * gate_part - what the two files of the gate's server share: who is let in
 * and heard (gate_server), and what is done for him (gate_request).
 */
#ifndef CMD_SENDOFFD_GATE_PART_H
#define CMD_SENDOFFD_GATE_PART_H

#include "cmd/sendoffd/allowance.h"
#include "cmd/sendoffd/gate_server.h"

enum gate_state {
	GATE_ASKS,			/* its request is not there yet */
	GATE_DRAFT,			/* waits for its allowance */
	GATE_PASS,			/* until the pass is made */
	GATE_LIST,
	GATE_OVER,
};

struct gate_client {
	int			 fd;
	uint32_t		 uid;
	enum gate_state	 state;
	int64_t			 tick;		/* deadline; when it is due; PASS:
						   when it may be told more */
	size_t			 done, total;	/* PASS: what it was told */
	char			(*ids)[ID_SIZE];	/* LIST: owned */
	size_t			 nids, at;
};

struct gate_server {
	struct runner		*runner;
	char			*path;		/* owned */
	int			 fd;		/* -1: not open */
	int64_t			 again_tick;
	int64_t			 pass_tick;	/* users' passes: not before */
	struct allowance	 drafts;
	struct gate_client		 clients[GATE_SERVER_CLIENTS];
	size_t			 n;
};

/* The connection is over; the struct is swept later. */
void	gate_end(struct gate_client *);

/* The three requests. */
void	gate_want_draft(struct gate_server *, struct gate_client *,
	    int64_t tick);
void	gate_want_pass(struct gate_server *, struct gate_client *,
	    int64_t tick);
void	gate_want_list(struct gate_server *, struct gate_client *,
	    int64_t tick);

/* Some more of a list, to one who can take it. */
void	gate_list_some(struct gate_server *, struct gate_client *,
	    int64_t tick);

/* How the pass goes, or that it is over. */
void	gate_tell_progress(const struct gate_server *, struct gate_client *,
	    int64_t tick);

#endif

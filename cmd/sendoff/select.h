/* SPDX-License-Identifier: ISC */
/*
 * select - which messages a subcommand is about.
 *
 * Shape	ID... | --all | [--from P] [--to P] [--older D]
 *		several of the last three are joined by "and"; nothing, a part
 *		of an id, or ids beside the others are usage errors
 */
#ifndef CMD_SENDOFF_SELECT_H
#define CMD_SENDOFF_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/list.h"

#include "cmd/sendoff/admin.h"

struct select {
	char		**ids;		/* borrowed from argv */
	size_t		  nids;		/* 0: by the rest */
	bool		  all;
	const char	 *from, *to;	/* patterns; NULL: any */
	int64_t		  older_sec;	/* -1: any */
};

/* 0, or 64 after saying why. */
int	select_parse(struct select *, int argc, char **argv);

/* Is the message one of them? For a selection without ids. */
bool	select_match(const struct select *, const struct queue_msg *,
	    int64_t now_sec);

#endif

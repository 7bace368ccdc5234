/* SPDX-License-Identifier: ISC */
/*
 * list - what a listing tells of the messages in a queue.
 *
 * Errors	as queue_scan
 * Pure		list_fill
 */
#ifndef QUEUE_LIST_H
#define QUEUE_LIST_H

#include <stddef.h>

#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/base/id.h"
#include "core/mail/listing.h"
#include "queue/queue.h"

struct list_ids {
	char	(*v)[ID_SIZE];		/* owned; oldest first */
	size_t	  n;
};

/* Every id in queue/, or in corrupt/; none on -1. */
int	list_ids(struct queue *, struct list_ids *, struct err *);
int	list_corrupt_ids(struct queue *, struct list_ids *, struct err *);
void	list_ids_free(struct list_ids *);

/* The strings in *out are msg's; only its rcpts are to be freed. */
void	list_fill(struct listing_msg *out, const struct queue_msg *msg,
	    const struct conf *);

/* A file in corrupt/: what its name tells. */
void	list_fill_corrupt(struct listing_msg *out, const char *id);

void	list_free(struct listing_msg *);

#endif

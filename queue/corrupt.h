/* SPDX-License-Identifier: ISC */
/*
 * corrupt - the files that could not be read as messages, in DIR/corrupt/:
 * looked at, thrown away, or taken back once they are mended.
 *
 * Errors	ERR_TEMP; ERR_DATA: what is still wrong with the file
 */
#ifndef QUEUE_CORRUPT_H
#define QUEUE_CORRUPT_H

#include <stdbool.h>

#include "core/base/err.h"
#include "queue/queue.h"

/* Is there something of that name? */
bool	corrupt_has(const struct queue *, const char *id);

/* For reading; follows nothing. QUEUE_OK, _GONE, _CORRUPT (no regular file),
 * or _FAILED. */
enum queue_found	corrupt_open(const struct queue *, const char *id,
	    int *fd, struct err *);

/* How many bytes it has; -1 if that cannot be told. */
int64_t	corrupt_size(const struct queue *, const char *id);

int	corrupt_remove(struct queue *, const char *id, struct err *);

/* Moves a file that holds again, checksums and all, to where it came from;
 * -1 leaves it where it is. Durable after queue_sync. */
int	corrupt_restore(struct queue *, const char *id, struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * internal - what the files of this room share with each other and with
 * nobody else.
 */
#ifndef QUEUE_INTERNAL_H
#define QUEUE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/format.h"
#include "queue/queue.h"

struct queue {
	enum queue_mode	 mode;
	char		*dir;		/* owned */
	int		 dir_fd;
	int		 queue_fd;
	int		 corrupt_fd;	/* -1: not there (SUBMIT, READ) */
	uint32_t	 uid, gid;
	bool		 queue_dirty;	/* names changed since the last sync */
	bool		 corrupt_dirty;
};

/* Where the message begins: the first line, the envelope, an empty line. */
int64_t	queue_message_offset(int64_t env_size);

/* Opens a message's name for reading, whatever may stand there; QUEUE_OK,
 * _GONE, _CORRUPT (it is no regular file) or _FAILED. */
enum queue_found	queue_open_file(int dir_fd, const char *id, int *fd,
	    struct err *);

/* The first line; QUEUE_OK if its lengths fit into the file, of which the size
 * is asked for again if not; QUEUE_BUSY for a draft. */
enum queue_found	queue_read_head(int fd, int64_t *file_size,
	    struct format_head *, struct err *);

/*
 * Reads a file into a message without judging who holds it. QUEUE_OK takes
 * fd into *msg; otherwise fd stays the caller's. QUEUE_BUSY is a draft.
 */
enum queue_found	queue_read(int fd, const char *id,
	    struct queue_msg **msg, struct err *);

/* Plays the journal up to end; sets journal_end to the end of its last good
 * line. */
enum queue_found	queue_replay(struct queue_msg *, int64_t end,
	    struct err *);

/* May the entry follow what was there before? What it means, if so. */
bool	queue_can_apply(const struct queue_msg *, const struct format_entry *);
void	queue_apply(struct queue_msg *, const struct format_entry *);

/* Moves the name to corrupt/, whatever it is. */
int	queue_move_corrupt(struct queue *, const char *id, struct err *);

/* Appends one entry and applies it. */
int	queue_append(struct queue_msg *, const struct format_entry *,
	    struct err *);

#endif

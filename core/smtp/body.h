/* SPDX-License-Identifier: ISC */
/*
 * smtp_body - a message, read block by block from its file, checked, and
 * stuffed.
 *
 * Errors	ERR_TEMP "4.3.0": the file cannot be read, or is not what was
 *		put there. Then the message must not be ended with a dot.
 * Owns		one block of memory; the descriptor is borrowed
 */
#ifndef CORE_SMTP_BODY_H
#define CORE_SMTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/smtp/dot.h"

enum {
	SMTP_BODY_BLOCK = 32 * 1024,	/* bytes read at once */
};

struct smtp_body {
	int		 fd;		/* borrowed */
	int64_t		 offset, left;	/* of what is still to be read */
	uint32_t	 crc, want;
	enum smtp_dot	 dot;
	char		*block;		/* owned */
};

/* size bytes from offset, whose crc32c is crc. */
void	smtp_body_open(struct smtp_body *, int fd, int64_t offset,
	    int64_t size, uint32_t crc);
void	smtp_body_close(struct smtp_body *);

/* Adds the next block to out, which must have room for twice as much. When
 * nothing is left the checksum has been found right. */
int	smtp_body_read(struct smtp_body *, struct buf *out, struct err *);

/* The same, not stuffed (for BDAT). */
int	smtp_body_read_raw(struct smtp_body *, struct buf *out, struct err *);

#endif

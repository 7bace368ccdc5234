/* SPDX-License-Identifier: ISC */
/*
 * smtp_body - a message, read block by block from its file, checked, re-
 * encoded where the relay would not take it as it is, and stuffed.
 *
 * Errors	ERR_TEMP "4.3.0": the file cannot be read, or is not what was
 *		put there. Then the message must not be ended with a dot.
 *		From smtp_body_plan also ERR_PERM "5.6.3": it cannot be
 *		re-encoded.
 * Owns		a block of memory and one of what became of it; the descriptor
 *		is borrowed
 */
#ifndef CORE_SMTP_BODY_H
#define CORE_SMTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/mail/job.h"
#include "core/mail/mime.h"
#include "core/smtp/dot.h"

enum {
	SMTP_BODY_BLOCK = 32 * 1024,	/* bytes read at once */
};

struct smtp_body {
	int		 fd;		/* borrowed */
	int64_t		 offset, left;	/* of what is still to be read */
	uint32_t	 crc, want;
	enum smtp_dot	 dot;
	struct mime	*mime;		/* borrowed; NULL: as it is */
	char		*block;		/* owned */
	struct buf	 recoded;	/* owned */
	size_t		 given;		/* bytes of it that were given out */
};

/*
 * What a relay that needs this (enum mime_need) is sent: *mime is allocated
 * (mime_free, mem_free), or NULL where the message may stay as it is; *size
 * is what will be sent, before stuffing.
 */
int	smtp_body_plan(int fd, const struct job *, unsigned need,
	    struct mime **mime, int64_t *size, struct err *);

/* mime: a plan, or NULL. */
void	smtp_body_open(struct smtp_body *, int fd, const struct job *,
	    struct mime *mime);
void	smtp_body_close(struct smtp_body *);

/* Is there more to read? When not, the checksum has been found right. */
bool	smtp_body_more(const struct smtp_body *);

/* Adds the next piece, of at most SMTP_BODY_BLOCK bytes before stuffing. */
int	smtp_body_read(struct smtp_body *, struct buf *out, struct err *);

/* The same, not stuffed (for BDAT). */
int	smtp_body_read_raw(struct smtp_body *, struct buf *out, struct err *);

#endif

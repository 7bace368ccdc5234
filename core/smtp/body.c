/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/crc32c.h"
#include "core/base/mem.h"
#include "core/smtp/body.h"

void
smtp_body_open(struct smtp_body *b, int fd, int64_t offset, int64_t size,
    uint32_t crc)
{
	memset(b, 0, sizeof(*b));
	b->fd = fd;
	b->offset = offset;
	b->left = size;
	b->want = crc;
	b->block = mem_zero(SMTP_BODY_BLOCK);
}

void
smtp_body_close(struct smtp_body *b)
{
	mem_free(b->block);
	memset(b, 0, sizeof(*b));
	b->fd = -1;
}

/* The next bytes into b->block: how many, or -1. */
static ssize_t
take_block(struct smtp_body *b, struct err *err)
{
	size_t want = b->left < SMTP_BODY_BLOCK ? (size_t)b->left :
	    SMTP_BODY_BLOCK;
	ssize_t got = 0;

	while (want > 0) {
		got = pread(b->fd, b->block, want, (off_t)b->offset);
		if (got > 0)
			break;
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return err_sys(err, "read the message");
		return err_set(err, ERR_TEMP, "4.3.0",
		    "the message's file is too short");
	}
	b->crc = crc32c(b->crc, b->block, (size_t)got);
	b->offset += got;
	b->left -= got;
	if (b->left == 0 && b->crc != b->want)
		return err_set(err, ERR_TEMP, "4.3.0",
		    "the message does not match its checksum");
	return got;
}

int
smtp_body_read(struct smtp_body *b, struct buf *out, struct err *err)
{
	ssize_t n = take_block(b, err);

	if (n == -1)
		return -1;
	smtp_dot_feed(&b->dot, b->block, (size_t)n, out);
	return 0;
}

int
smtp_body_read_raw(struct smtp_body *b, struct buf *out, struct err *err)
{
	ssize_t n = take_block(b, err);

	if (n == -1)
		return -1;
	buf_add(out, b->block, (size_t)n);
	return 0;
}

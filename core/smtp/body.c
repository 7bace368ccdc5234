/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/crc32c.h"
#include "core/base/mem.h"
#include "core/smtp/body.h"

enum {
	RECODED_MAX = 5 * MIME_HEADER_MAX,	/* bytes; used as needed */
};

void
smtp_body_open(struct smtp_body *b, int fd, const struct job *job,
    struct mime *mime)
{
	memset(b, 0, sizeof(*b));
	b->fd = fd;
	b->offset = job->offset;
	b->left = job->size;
	b->want = job->crc;
	b->mime = mime;
	b->block = mem_zero(SMTP_BODY_BLOCK);
	buf_init(&b->recoded, RECODED_MAX);
	if (mime != NULL)
		mime_rewind(mime);
}

void
smtp_body_close(struct smtp_body *b)
{
	mem_free(b->block);
	buf_free(&b->recoded);
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

bool
smtp_body_more(const struct smtp_body *b)
{
	return b->left > 0 || b->given < b->recoded.n;
}

/* A block through mime, which may hold it back, or give much at once. */
static int
recode_block(struct smtp_body *b, struct err *err)
{
	ssize_t n = take_block(b, err);

	b->given = 0;
	buf_reset(&b->recoded);
	if (n == -1 || mime_feed(b->mime, b->block, (size_t)n, &b->recoded,
	    err) == -1 ||
	    (b->left == 0 && mime_finish(b->mime, &b->recoded, err) == -1))
		return -1;
	if (b->recoded.over)
		return err_set(err, ERR_PERM, "5.6.3",
		    "the message grows beyond all measure");
	return 0;
}

/* The next bytes as they will be sent; possibly none. */
static int
take_piece(struct smtp_body *b, struct slice *piece, struct err *err)
{
	ssize_t n;

	if (b->mime == NULL) {
		n = take_block(b, err);
		*piece = (struct slice){ b->block, n > 0 ? (size_t)n : 0 };
		return n == -1 ? -1 : 0;
	}
	if (b->given == b->recoded.n && recode_block(b, err) == -1)
		return -1;
	*piece = buf_slice(&b->recoded);
	piece->p += b->given;
	piece->n -= b->given;
	if (piece->n > SMTP_BODY_BLOCK)
		piece->n = SMTP_BODY_BLOCK;
	b->given += piece->n;
	return 0;
}

int
smtp_body_read(struct smtp_body *b, struct buf *out, struct err *err)
{
	struct slice piece;

	if (take_piece(b, &piece, err) == -1)
		return -1;
	smtp_dot_feed(&b->dot, piece.p, piece.n, out);
	return 0;
}

int
smtp_body_read_raw(struct smtp_body *b, struct buf *out, struct err *err)
{
	struct slice piece;

	if (take_piece(b, &piece, err) == -1)
		return -1;
	buf_add(out, piece.p, piece.n);
	return 0;
}

/* One pass that looks and sends nothing. */
static int
look(int fd, const struct job *job, struct mime *mime, bool first,
    struct err *err)
{
	struct smtp_body b;
	struct slice piece;
	ssize_t n;
	int ret = 0;

	/* The first pass is what a rewind would end. */
	smtp_body_open(&b, fd, job, first ? NULL : mime);
	while (smtp_body_more(&b) && ret == 0) {
		if (!first) {
			ret = take_piece(&b, &piece, err);
			continue;
		}
		n = take_block(&b, err);
		ret = n == -1 ? -1 : mime_feed(mime, b.block, (size_t)n, NULL,
		    err);
	}
	if (ret == 0 && first)
		ret = mime_finish(mime, NULL, err);
	smtp_body_close(&b);
	return ret;
}

int
smtp_body_plan(int fd, const struct job *job, unsigned need,
    struct mime **mime, int64_t *size, struct err *err)
{
	struct mime *m;
	int ret = -1;

	*mime = NULL;
	*size = job->size;
	if (need == 0)
		return 0;
	m = mem_zero(sizeof(*m));
	mime_init(m, need);
	if (look(fd, job, m, true, err) == -1)
		goto out;
	if (m->changes) {
		if (look(fd, job, m, false, err) == -1)
			goto out;
		*size = m->size;
		*mime = m;
		return 0;
	}
	ret = 0;
out:
	mime_free(m);
	mem_free(m);
	return ret;
}

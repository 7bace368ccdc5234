/* SPDX-License-Identifier: ISC */
/*
 * mime_part - the pieces of mime, for mime*.c alone.
 *
 * Pure
 */
#ifndef CORE_MAIL_MIME_PART_H
#define CORE_MAIL_MIME_PART_H

#include "core/mail/header.h"
#include "core/mail/mime.h"

/* in_digest: what has no Content-Type is a message there. */
void	mime_head_read(struct mime_head *, const char *p, size_t n,
	    bool in_digest);

/* Would mime_head_write change a field's text? */
bool	mime_head_changes(const char *p, size_t n, unsigned need);

struct mime_head_job {
	unsigned	need;
	const char	*encoding;	/* the new one; NULL: it stays */
	const char	*charset;	/* Content-Type to add; NULL: none */
	bool		version;	/* MIME-Version to add */
};

/* Adds the fields p[0..n), changed, and those to add. */
void	mime_head_write(struct buf *, const char *p, size_t n,
	    const struct mime_head_job *);

/* Adds a field that has 8-bit text, without it. */
void	mime_field_add(struct buf *, const struct header_field *);

void	mime_encode_start(struct mime_encoder *, enum mime_how);

/* Text within a line, and a line's end. */
void	mime_encode(struct mime_encoder *, struct buf *, const char *p,
	    size_t n);
void	mime_encode_line_end(struct mime_encoder *, struct buf *);

/* The rest; what was added to the buf ends in CRLF then. */
void	mime_encode_finish(struct mime_encoder *, struct buf *);

void	mime_count(struct mime_count *, const char *p, size_t n);
void	mime_count_line_end(struct mime_count *);

/* What becomes of a leaf, with its bits; MIME_HOW: nothing that we could. */
unsigned	mime_choose(const struct mime_count *,
	    const struct mime_head *, unsigned need);

/* The message cannot be converted; the first reason stays. */
void	mime_refuse(struct mime *, const char *what, const char *why);

/* What the first pass found for the current part. */
unsigned	mime_plan_of(const struct mime *);

/* Text of a body line that is no boundary, and its end. */
void	mime_content(struct mime *, const char *p, size_t n, struct buf *out);
void	mime_content_end(struct mime *, struct buf *out);

/* A leaf's line end is held: it turned out to be part of it. */
void	mime_settle_eol(struct mime *, struct buf *out);

/* The current leaf is over. */
void	mime_leaf_end(struct mime *, bool at_boundary, struct buf *out);

#endif

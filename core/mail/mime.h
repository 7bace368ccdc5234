/* SPDX-License-Identifier: ISC */
/*
 * mime - a message re-encoded for a relay that would not take it as it is:
 * one without 8BITMIME, or lines over 998 octets.
 *
 * A leaf that needs it becomes quoted-printable or base64, and decodes to what
 * it was; one that has such an encoding already is wrapped anew. Nothing else
 * in the body changes but preambles and epilogues, which nobody reads. In
 * headers Content-Transfer-Encoding follows, MIME-Version and Content-Type are
 * added where they are missing, lines over 998 octets are folded where they
 * have a blank, and for MIME_7BIT raw 8-bit text becomes encoded words.
 *
 * The message is fed several times, since a part's header comes before the
 * body that decides about it, and SIZE before both: feed it once and finish,
 * to plan; where `changes` is set then, rewind, feed and finish to learn
 * `size`; rewind, feed and finish to send. In any pieces, CRLF line ends.
 *
 * Source	RFC 2045, 2046 5.1, 2047, 1847 2.1 (signed), 6152, 1428
 * Limits	MIME_HEADER_MAX for each header section, MIME_DEPTH_MAX,
 *		MIME_PARTS_MAX; of the body, a line's beginning is held
 * Errors	ERR_PERM "5.6.3", of the first pass: content that must not be
 *		touched (multipart/signed, a nested message, an unknown
 *		encoding) but would have to be, or a limit
 * Lenient	a boundary of MIME_BOUNDARY_MAX octets; a part that begins
 *		without an empty line
 * Pure
 */
#ifndef CORE_MAIL_MIME_H
#define CORE_MAIL_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum mime_need {		/* bits */
	MIME_7BIT = 1,		/* no octet over 127 */
	MIME_LINES = 2,		/* no line over 998 octets */
};

enum {
	MIME_HEADER_MAX = 16 * 1024 * 1024,	/* bytes */
	MIME_DEPTH_MAX = 50,			/* multiparts in each other */
	MIME_PARTS_MAX = 100000,
	MIME_BOUNDARY_MAX = 200,		/* RFC 2046: 70 */
};

enum mime_state {
	MIME_HEAD,		/* in a part's header section */
	MIME_LEAF,
	MIME_FIXED,		/* content that must stay as it is */
	MIME_BETWEEN,		/* preamble or epilogue */
};

enum mime_how {			/* what happens to a leaf */
	MIME_KEEP,
	MIME_QP,
	MIME_BASE64,
	MIME_WRAP_QP,		/* it is quoted-printable already */
	MIME_WRAP_BASE64,
	MIME_HOW = 7,		/* mask; the others are bits beside it */
	MIME_IS_8BIT = 8,
	MIME_IS_NOT_UTF8 = 16,
};

enum mime_encoding {
	MIME_ENC_NONE,		/* not said */
	MIME_ENC_7BIT,
	MIME_ENC_8BIT,		/* or binary */
	MIME_ENC_QP,
	MIME_ENC_BASE64,
	MIME_ENC_UNKNOWN,
};

/* What a header section says; see mime_head. */
struct mime_head {
	enum mime_encoding	 encoding;
	bool			 has_type, has_version;
	bool			 text;		/* text/... or not said */
	bool			 multipart, digest;
	const char		*fixed;		/* static; why it must stay */
	char			 boundary[MIME_BOUNDARY_MAX + 1];
};

struct mime_encoder {
	enum mime_how	how;
	size_t		column;
	bool		soft;		/* the line began by our soft break */
	char		blank;		/* held: it may be the line's last */
	char		group[57];	/* base64: not yet written */
	size_t		n;
};

/* What the first pass counts in a leaf. */
struct mime_count {
	bool		is_8bit, is_long, not_utf8;
	unsigned	utf8_left;	/* bytes that the character lacks */
	unsigned char	utf8_low, utf8_high;
	int64_t		bytes, special;	/* that three stand for in QP */
};

struct mime {
	bool			changes;	/* after the first pass */
	int64_t			size;		/* given out since the rewind */

	/* private */
	unsigned		need;
	bool			writing;	/* after the first rewind */
	enum mime_state		state;
	struct buf		parts;		/* a char each: mime_how */
	size_t			part;		/* the current one's number */
	struct mime_head	head;		/* of the current part */
	struct buf		header;		/* lines of it so far */
	size_t			header_line;	/* where its last line begins */
	struct buf		line;		/* a body line not yet judged */
	bool			judging;
	bool			cr;		/* held at the end of a piece */
	bool			eol;		/* a leaf's line end, held */
	size_t			line_len;
	struct mime_count	count;
	struct mime_encoder	encoder;
	struct {
		char	boundary[MIME_BOUNDARY_MAX + 1];
		bool	digest;
	}			stack[MIME_DEPTH_MAX];
	size_t			depth;
	struct err		why;		/* kind ERR_NONE: nothing wrong */
};

void	mime_init(struct mime *, unsigned need);
void	mime_free(struct mime *);
void	mime_rewind(struct mime *);

/*
 * In the first pass out may be NULL. Later ones add to it; its cap must have
 * room for 4 * n bytes and, where a header section ends, four times that: let
 * the cap be large, memory is only used as needed.
 */
int	mime_feed(struct mime *, const char *p, size_t n, struct buf *out,
	    struct err *);
int	mime_finish(struct mime *, struct buf *out, struct err *);

#endif

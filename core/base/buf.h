/* SPDX-License-Identifier: ISC */
/*
 * buf - bytes that grow up to a cap, and views of bytes.
 *
 * The cap is chosen at birth. Adding past it sets `over` and adds nothing
 * more (sticky), so a caller adds, adds, adds and asks once. A NUL stands
 * behind the bytes and is not counted; the bytes themselves may be anything.
 *
 * Owns		its memory; released by buf_free or buf_wipe
 * Errors	none; out of memory ends the process (mem)
 */
#ifndef CORE_BASE_BUF_H
#define CORE_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/compat.h"

struct slice {
	const char	*p;		/* borrowed; not NUL-terminated */
	size_t		 n;
};

struct buf {
	char	*p;			/* owned; NULL while empty */
	size_t	 n;			/* bytes in use */
	size_t	 cap;			/* bytes allocated */
	size_t	 max;			/* most bytes that may be in use */
	bool	 over;			/* something did not fit */
};

void	buf_init(struct buf *, size_t max);

/* Zeroes the struct; may be called twice, and on a zeroed struct. */
void	buf_free(struct buf *);

/* As buf_free, and overwrites the bytes first. Growth of a buf that holds a
 * secret wipes what it leaves behind only if it was reserved; so reserve. */
void	buf_wipe(struct buf *);

/* Forget the bytes and `over`, keep the memory. */
void	buf_reset(struct buf *);

/* Make room for n bytes more now, so that adding them does not move them. */
void	buf_reserve(struct buf *, size_t n);

void	buf_add(struct buf *, const char *p, size_t n);
void	buf_addc(struct buf *, char c);
void	buf_adds(struct buf *, const char *s);
void	buf_addf(struct buf *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void	buf_vaddf(struct buf *, const char *fmt, va_list) PRINTF_LIKE(2, 0);

/* Drop the first n bytes (n <= b->n), or all but the first n. */
void	buf_drop(struct buf *, size_t n);
void	buf_cut(struct buf *, size_t n);

/* The bytes as a C string; "" while empty. Borrowed until the next change. */
const char	*buf_str(const struct buf *);
struct slice	 buf_slice(const struct buf *);

/* The bytes as an allocated C string; the buf is empty afterwards. */
char	*buf_take(struct buf *);

struct slice	slice_of(const char *s);
bool		slice_eq(struct slice, const char *s);
bool		slice_case_eq(struct slice, const char *s);	/* ASCII case */

#endif

/* SPDX-License-Identifier: ISC */
/*
 * format - the bytes of a queue file that are not the envelope's text and
 * not the message: its first line and the lines of its journal.
 *
 * Shape	FORMAT.md, "Bytes"
 * Limits	FORMAT_ENTRY_MAX bytes a journal line, LF included
 * Pure
 */
#ifndef QUEUE_FORMAT_H
#define QUEUE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/mail/outcome.h"

enum {
	FORMAT_VERSION = 1,
	FORMAT_HEAD_SIZE = 84,		/* bytes of the first line, LF too */
	FORMAT_ENTRY_MAX = 4096,	/* bytes of a journal line, LF too */
};

/* What the first line says once the message is committed. */
struct format_head {
	unsigned	flags;		/* more bits for the envelope's flags */
	int64_t		env_size;	/* bytes of envelope text */
	int64_t		size;		/* bytes of message */
	uint32_t	env_crc, crc;
};

enum format_mark {
	FORMAT_DRAFT,		/* not yet a message: nothing, NULs, or a line
				   whose own checksum is blank */
	FORMAT_QUEUED,		/* a message; the head is filled in */
	FORMAT_NEWER,		/* whole, but of a version not known here */
	FORMAT_DAMAGED,
};

void	format_head_blank(char out[FORMAT_HEAD_SIZE]);
void	format_head_write(const struct format_head *,
	    char out[FORMAT_HEAD_SIZE]);

/* p[0..n) is what the file begins with: n is smaller than FORMAT_HEAD_SIZE
 * only if the file is. */
enum format_mark	format_head_parse(const char *p, size_t n,
	    struct format_head *);

enum format_kind {
	FORMAT_OUTCOME,		/* rcpt, outcome, sec */
	FORMAT_TOLD,		/* rcpt */
	FORMAT_WARNED,		/* rcpt */
	FORMAT_ATTEMPT,		/* attempts, sec, next_sec */
	FORMAT_HOLD,		/* hold */
	FORMAT_DUE,		/* next_sec */
	FORMAT_FINISHED,
};

struct format_entry {
	enum format_kind	kind;
	uint32_t		rcpt;
	uint32_t		attempts;
	int64_t			sec, next_sec;
	bool			hold;
	struct outcome		outcome;
};

/* One line with its checksum and LF. */
void	format_entry_write(const struct format_entry *, struct buf *);

/* Strict; p[0..n) is a line without its LF. */
bool	format_entry_parse(const char *p, size_t n, struct format_entry *);

/* "XXXXXXXX TEXT\n": a line under its own checksum, for every kind of journal
 * that the queue's owner keeps. The text must not hold LF. */
void	format_line_write(const char *p, size_t n, struct buf *);
bool	format_line_check(const char *p, size_t n, struct slice *text);

#endif

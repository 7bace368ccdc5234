/* SPDX-License-Identifier: ISC */
/*
 * trace_line - one event as a line, and back.
 *
 * Shape	trace.h
 * Pure
 */
#ifndef QUEUE_TRACE_LINE_H
#define QUEUE_TRACE_LINE_H

#include "core/base/buf.h"
#include "queue/trace.h"

/* With its LF; nothing is added if it would be over TRACE_LINE_MAX. */
void	trace_line_write(const struct trace_event *, struct buf *);

/* p[0..n) is a line without its LF. What the event borrows is kept in room,
 * which is emptied first. False: damaged, or of a kind not known here. */
bool	trace_line_parse(const char *p, size_t n, struct trace_event *,
	    struct buf *room);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * submit_part - the pieces of submit, for submit*.c alone.
 *
 * Pure
 */
#ifndef CORE_MAIL_SUBMIT_PART_H
#define CORE_MAIL_SUBMIT_PART_H

#include "core/mail/header.h"
#include "core/mail/submit.h"

enum submit_field {
	SUBMIT_OTHER,
	SUBMIT_FROM,
	SUBMIT_SENDER,		/* another field that names who sends */
	SUBMIT_RCPT,		/* To, Cc */
	SUBMIT_BCC,
	SUBMIT_NOTIFY,		/* Disposition-Notification-To */
	SUBMIT_NOTIFY_OPTIONS,
	SUBMIT_TRACE,		/* Return-Path, Content-Length: removed */
	SUBMIT_RECEIVED,
	SUBMIT_DATE,
	SUBMIT_MESSAGE_ID,
};

struct submit_kind {
	enum submit_field	field;
	bool			resent;	/* its name begins with "Resent-" */
	unsigned		name;	/* a bit that tells names apart; 0 for
					   those that may be repeated */
};

/* Fields p[start..end) of the header section. */
struct submit_block {
	size_t	start, end;
	bool	resent;			/* Resent- fields count, others not */
	bool	has_date, has_from, has_message_id;	/* where resent */
};

struct submit_kind	submit_kind_of(const struct header_field *);

/* Which fields supply the recipients. */
void	submit_find_block(struct slice header, struct submit_block *);

/* Sets result->given and result->rcpts. */
void	submit_take_rcpts(struct slice header, const struct submit_block *,
	    struct submit_result *);

/* Adds a field, its addresses completed and rewritten where its kind is. */
void	submit_add_changed(struct buf *, const struct submit_facts *,
	    const struct header_field *, struct submit_kind);

/* The fields that are added, lines with CRLF; prefix is "" or "Resent-". */
void	submit_add_received(struct buf *, const struct submit_facts *);
void	submit_add_warning(struct buf *, const struct submit_facts *);
void	submit_add_date(struct buf *, const struct submit_facts *,
	    const char *prefix);
void	submit_add_from(struct buf *, const struct submit_facts *,
	    const char *prefix);
void	submit_add_message_id(struct buf *, const struct submit_facts *,
	    const char *prefix);

#endif

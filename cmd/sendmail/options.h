/* SPDX-License-Identifier: ISC */
/*
 * options - what a call of sendmail, mailq or newaliases asks for.
 *
 * Source	INTERFACE 3; sendmail 8.18
 * Errors	ERR_USAGE, the text names the option and its argument
 * Owns		what is marked so; the rest borrows argv
 * Pure
 */
#ifndef CMD_SENDMAIL_OPTIONS_H
#define CMD_SENDMAIL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/sendmail/look.h"
#include "core/base/err.h"
#include "core/mail/envelope.h"

enum {
	OPTIONS_ENVID_MAX = 100,	/* RFC 3461 4.4 */
	OPTIONS_TAG_MAX = 64,		/* bytes of -L */
	OPTIONS_WORD_MAX = 255,		/* bytes of each half of -p */
};

enum options_field { OPTIONS_BY_ID, OPTIONS_BY_RCPT, OPTIONS_BY_SENDER };

struct options_filter {			/* -qI, -qR, -qS */
	enum options_field	 field;
	bool			 except;	/* "!": what does not contain it */
	const char		*text;
};

struct options {
	enum options_name	 name;
	enum options_mode	 mode;

	bool			 take_rcpts;	/* -t */
	bool			 ignore_dots;	/* -i */
	bool			 gateway;	/* -G */
	bool			 aliases_off;	/* -n */
	bool			 verbose;	/* -v */
	bool			 utf8;		/* -U */
	bool			 queue_only;	/* -odq, -odd */
	bool			 bounce_is_safe;	/* -oee, -ee */
	const char		*sender;	/* -f, -r; NULL */
	const char		*full_name;	/* -F; NULL: not given */
	unsigned		 notify;	/* -N; enum envelope_notify */
	enum envelope_ret	 ret;		/* -R */
	char			*envid;		/* -V; owned, decoded; NULL */
	int64_t			 hops;		/* -h */
	int64_t			 hops_max;	/* MaxHopCount; -1 */
	int64_t			 size_max;	/* MaxMessageSize; -1 */
	const char		*tag;		/* -L; NULL */
	char			*proto;		/* -p; owned; NULL */
	const char		*peer;		/* -p; NULL */
	const char		*unwritten;	/* file of -D or -X; NULL */

	bool			 json, count;	/* mailq */
	bool			 foreground;	/* -bD */
	int64_t			 interval_sec;	/* -q30m; 0: none */
	struct options_filter	*filters;	/* owned */
	size_t			 nfilters;

	char			**rcpts;	/* the operands */
	size_t			 nrcpts;
};

int	options_parse(int argc, char **argv, struct options *, struct err *);
void	options_free(struct options *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * values - the arguments of options, judged.
 *
 * Errors	ERR_USAGE; the text names the option, the argument and what is
 *		accepted
 * Pure
 */
#ifndef CMD_SENDMAIL_VALUES_H
#define CMD_SENDMAIL_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/mail/envelope.h"

/* "what: "value": want" with the value cleaned; -1. */
int	values_refuse(struct err *, const char *what, const char *value,
	    const char *want);

/* As sendmail has it: nothing, T, Y and 1 are yes; everything else is no. */
bool	values_bool(const char *);

/* "30m", "1h30m", "30" (minutes); in seconds, at least one. */
int	values_interval(const char *, int64_t *sec, struct err *);

/* A number from 0; what names the option. */
int	values_number(const char *what, const char *, int64_t max,
	    int64_t *out, struct err *);

int	values_notify(const char *, unsigned *, struct err *);
int	values_ret(const char *, enum envelope_ret *, struct err *);

/* xtext, or plain text; *out is allocated, NULL for an empty one. */
int	values_envid(const char *, char **out, struct err *);

/* PROTO[:HOST]; *proto is allocated (NULL when empty), *peer borrows. */
int	values_protocol(const char *, char **proto, const char **peer,
	    struct err *);

#endif

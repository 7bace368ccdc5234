/* SPDX-License-Identifier: ISC */
/*
 * server_args - the arguments of MAIL and RCPT, read.
 *
 * Shape	"FROM:" [SP] path *( SP keyword [ "=" value ] ) and "TO:" the same
 * Errors	ERR_DATA with the dsn of the reply; *code is its code
 * Pure
 */
#ifndef CORE_SMTP_SERVER_ARGS_H
#define CORE_SMTP_SERVER_ARGS_H

#include "core/smtp/server.h"

enum {
	SERVER_ENVID_MAX = 100,		/* RFC 3461 4.4 */
	SERVER_ORCPT_MAX = 500,		/* RFC 3461 4.2 */
};

/* On 0 the strings in *out are allocated. */
int	server_args_mail(const char *p, size_t n, int64_t size_max,
	    struct server_mail *out, int *code, struct err *);
int	server_args_rcpt(const char *p, size_t n, bool utf8,
	    struct server_rcpt *out, int *code, struct err *);

void	server_mail_free(struct server_mail *);
void	server_rcpt_free(struct server_rcpt *);

#endif

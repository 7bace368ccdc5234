/* SPDX-License-Identifier: ISC */
/*
 * server_reply - what the server says; shared by the files of server.
 */
#ifndef CORE_SMTP_SERVER_REPLY_H
#define CORE_SMTP_SERVER_REPLY_H

#include "core/smtp/server.h"

/* "CODE DSN text\r\n"; dsn NULL: without. */
void	server_reply(struct server *, int code, const char *dsn,
	    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* One line of several; the last one is server_reply's. */
void	server_reply_more(struct server *, int code, const char *dsn,
	    const char *text);

/* The refusal of a command for an op's reason; permanent is the code for what
 * trying again does not mend. */
void	server_refuse(struct server *, int permanent, const struct err *);

/* The same for what is wrong with the command itself. */
void	server_refuse_command(struct server *, int code, const char *dsn,
	    const char *text);

/* The command in line, and what is to follow it. */
void	server_command(struct server *);

void	server_reset(struct server *);

#endif

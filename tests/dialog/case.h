/* SPDX-License-Identifier: ISC */
/*
 * case - the *.smtp files, read. A line that is not understood ends the run:
 * a case that is not played must not look like one that passed.
 */
#ifndef TESTS_DIALOG_CASE_H
#define TESTS_DIALOG_CASE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/conf.h"
#include "core/mail/envelope.h"
#include "tests/dialog/script.h"

enum {
	CASE_MAILS_MAX = 8,
	CASE_OUTS_MAX = 16,
};

struct test_mail {
	struct envelope	env;
	bool		torn;		/* its checksum is wrong */
};

struct test_out {
	char	addr[80], verdict[16], dsn[12], text[200];
};

struct test_case {
	char			 name[160];
	struct conf_relay	 relay;
	char			*caps;		/* owned; NULL: complete script */
	bool			 skip_ehlo;
	struct buf		 text;		/* of every message */
	struct test_mail	 mails[CASE_MAILS_MAX];
	size_t			 nmails;
	struct script		 events;
	char			 end[200];
	struct test_out		 outs[CASE_OUTS_MAX];
	size_t			 nouts;
};

size_t	cases_read(const char *path, struct test_case **);
void	cases_free(struct test_case *, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * newaliases - there is nothing to rebuild, so the file is checked, and
 * sendmail's one line printed.
 */
#include <sysexits.h>

#include "cmd/sendmail/front.h"
#include "cmd/sendmail/say.h"
#include "core/base/buf.h"

enum {
	LINE_BYTES = 8192,
};

static int
say_problems(const struct aliases *a)
{
	int code = EX_OK;

	for (size_t i = 0; i < a->nproblems; i++) {
		const struct aliases_problem *p = &a->problems[i];

		say("%s%s", p->warning ? "warning: " : "", p->text);
		if (!p->warning)
			code = EX_DATAERR;
	}
	return code;
}

static int
say_summary(const struct aliases *a, const char *path)
{
	struct buf b;
	int ret;

	buf_init(&b, LINE_BYTES);
	buf_addf(&b, "%s: %zu aliases, longest %zu bytes, %zu bytes total\n",
	    path, a->n, a->longest, a->total);
	ret = say_out(b.p, b.n);
	buf_free(&b);
	return ret;
}

int
newaliases_run(struct front *f)
{
	const char *path = f->site.conf.aliases_file;
	const struct aliases *a;
	struct err err = { 0 };
	int code;

	if (site_aliases(&f->site, &a, &err) == -1)
		return say_err(&err);
	aliases_check_loops(&f->site.aliases, path);
	code = say_problems(a);
	if (say_summary(a, path) == -1 && code == EX_OK)
		code = EX_IOERR;
	return code;
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/mail/addr.h"
#include "core/mail/aliases.h"
#include "core/mail/expand.h"
#include "core/mail/rewrite.h"

#include "cmd/sendoffd/whom.h"

static int
include(const char *path, struct buf *b, void *arg, struct err *err)
{
	(void)arg;
	return file_read(path, b, err);
}

/* A file that is not there is an empty one. */
static int
read_aliases(const char *path, struct aliases *aliases, struct err *err)
{
	struct buf b;
	int ret = 0;

	buf_init(&b, ALIASES_FILE_MAX);
	if (file_read(path, &b, err) == -1 && err->sys != ENOENT)
		ret = -1;
	else
		aliases_parse(aliases, path, buf_str(&b), b.n);
	buf_free(&b);
	return ret;
}

static bool
is_local(const struct site *site, const char *addr)
{
	const char *at = addr_at(addr);

	return at == NULL || rewrite_is_local(&site->conf, at + 1);
}

static void
log_problems(const struct expand *x, const char *addr)
{
	for (size_t i = 0; i < x->nproblems; i++)
		log_error("no report to <%s>: %s", addr,
		    x->problems[i].err.text);
}

int
whom_add(const struct site *site, struct envelope *report, const char *addr,
    struct err *err)
{
	struct aliases aliases = { 0 };
	struct expand x = { .conf = &site->conf, .aliases = &aliases,
	    .read = include };
	size_t first = report->nrcpts;
	int ret = -1;

	if (is_local(site, addr) &&
	    read_aliases(site->conf.aliases_file, &aliases, err) == -1)
		goto out;
	if (expand_rcpt(&x, report, addr, NOTIFY_NEVER, NULL, err) == -1)
		goto out;
	log_problems(&x, addr);
	/* The owner of a list does not send our reports. */
	for (size_t i = first; i < report->nrcpts; i++) {
		mem_free(report->rcpts[i].sender);
		report->rcpts[i].sender = NULL;
	}
	ret = 0;
out:
	expand_free(&x);
	aliases_free(&aliases);
	return ret;
}

/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/base/id.h"
#include "core/mail/addr.h"

#include "cmd/sendoff/select.h"

static int
usage(const char *command)
{
	char words[160];

	(void)snprintf(words, sizeof(words), "%s ID... | --all | "
	    "[--from PATTERN] [--to PATTERN] [--older TIME]", command);
	return admin_usage(words);
}

static int
check_pattern(const char *command, const char *option, const char *pattern)
{
	if (pattern == NULL || conf_pattern(pattern, strlen(pattern)))
		return EX_OK;
	return admin_say(EX_USAGE, "%s: --%s \"%s\": user@domain, @domain, "
	    ".domain, <> or * is accepted", command, option, pattern);
}

static int
check_ids(const struct select *s, const char *command)
{
	size_t i;

	for (i = 0; i < s->nids; i++)
		if (!id_check(s->ids[i], strlen(s->ids[i])))
			return admin_say(EX_USAGE, "%s: \"%s\" is not a "
			    "whole id", command, s->ids[i]);
	return EX_OK;
}

int
select_parse(struct select *s, int argc, char **argv)
{
	const char *older = NULL;
	const struct admin_opt opts[] = {
		{ "all", ADMIN_FLAG, &s->all, NULL },
		{ "from", ADMIN_VALUE, NULL, &s->from },
		{ "to", ADMIN_VALUE, NULL, &s->to },
		{ "older", ADMIN_VALUE, NULL, &older },
	};
	bool some;
	int left;

	*s = (struct select){ .older_sec = -1 };
	left = admin_opts(opts, NELEM(opts), argc, argv);
	if (left == -1)
		return usage(argv[0]);
	s->ids = argv + 1;
	s->nids = (size_t)left;
	some = s->from != NULL || s->to != NULL || older != NULL;
	if ((s->nids > 0) + s->all + some != 1)
		return usage(argv[0]);
	if (older != NULL &&
	    !conf_duration(older, strlen(older), &s->older_sec))
		return admin_say(EX_USAGE, "%s: --older \"%s\": a time such "
		    "as 30s, 5m, 4h or 5d is accepted", argv[0], older);
	if (check_pattern(argv[0], "from", s->from) != EX_OK ||
	    check_pattern(argv[0], "to", s->to) != EX_OK)
		return EX_USAGE;
	return check_ids(s, argv[0]);
}

/* As it goes out, and as it was given. */
static bool
matches_to(const struct queue_msg *m, const char *pattern)
{
	size_t i;

	for (i = 0; i < m->env.nrcpts; i++) {
		const struct envelope_rcpt *r = &m->env.rcpts[i];

		if (m->rcpts[i].state == QUEUE_RCPT_OWED &&
		    (addr_match(pattern, r->addr) || (r->orig != NULL &&
		    addr_match(pattern, r->orig))))
			return true;
	}
	return false;
}

bool
select_match(const struct select *s, const struct queue_msg *m,
    int64_t now_sec)
{
	if (s->from != NULL && !addr_match(s->from, m->env.sender))
		return false;
	if (s->to != NULL && !matches_to(m, s->to))
		return false;
	return s->older_sec < 0 ||
	    now_sec - m->env.arrival_us / 1000000 >= s->older_sec;
}

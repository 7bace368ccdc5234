/* SPDX-License-Identifier: ISC */
#include <sysexits.h>

#include "cmd/sendoff/admin.h"
#include "cmd/sendoff/site.h"

static const char usage[] = "probe [NAME] [--verify ADDRESS] "
    "[--expand LIST] [--help-text] [--noop]";

/* One question is one session: a relay may end it after any of them. The
 * first that is not answered well decides, the others are asked too. */
static void
ask(const struct admin *a, const char *relay, const char *what,
    const char *value, int *status)
{
	const char *words[] = { what, value, NULL };
	int one = admin_deliver(a, relay, words);

	if (*status == EX_OK)
		*status = one;
}

int
probe_main(struct admin *a, int argc, char **argv)
{
	const char *verify = NULL, *expand = NULL;
	bool help = false, noop = false;
	const struct admin_opt opts[] = {
		{ "verify", ADMIN_VALUE, NULL, &verify },
		{ "expand", ADMIN_VALUE, NULL, &expand },
		{ "help-text", ADMIN_FLAG, &help, NULL },
		{ "noop", ADMIN_FLAG, &noop, NULL },
	};
	int left = admin_opts(opts, NELEM(opts), argc, argv), status;
	const struct conf_relay *relay;

	if (left == -1 || left > 1)
		return admin_usage(usage);
	status = site_load(a);
	if (status != EX_OK)
		return status;
	status = site_relay(a, left == 1 ? argv[1] : NULL, &relay);
	if (status != EX_OK)
		return status;
	if (verify != NULL)
		ask(a, relay->name, "--verify", verify, &status);
	if (expand != NULL)
		ask(a, relay->name, "--expand", expand, &status);
	if (help)
		ask(a, relay->name, "--help-text", NULL, &status);
	if (noop || (verify == NULL && expand == NULL && !help))
		ask(a, relay->name, "--noop", NULL, &status);
	return status;
}

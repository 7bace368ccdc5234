/* SPDX-License-Identifier: ISC */
#include <sysexits.h>

#include "cmd/sendoff/admin.h"
#include "cmd/sendoff/site.h"

static const char usage[] = "probe [NAME] [--verify ADDRESS] "
    "[--expand LIST] [--help-text] [--noop]";

/* One question is one session: a relay may end it after any of them. */
static int
ask(const struct admin *a, const char *relay, const char *what,
    const char *value)
{
	const char *words[] = { what, value, NULL };

	return admin_deliver(a, relay, words);
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
		status = ask(a, relay->name, "--verify", verify);
	if (status == EX_OK && expand != NULL)
		status = ask(a, relay->name, "--expand", expand);
	if (status == EX_OK && help)
		status = ask(a, relay->name, "--help-text", NULL);
	if (status == EX_OK && (noop || (verify == NULL && expand == NULL &&
	    !help)))
		status = ask(a, relay->name, "--noop", NULL);
	return status;
}

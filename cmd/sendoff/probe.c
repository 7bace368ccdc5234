/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <sysexits.h>

#include "cmd/sendoff/admin.h"
#include "cmd/sendoff/site.h"

static const char usage[] = "probe [NAME] [--verify ADDRESS] "
    "[--expand LIST] [--help-text] [--noop]";

int
probe_main(struct admin *a, int argc, char **argv)
{
	const char *verify = NULL, *expand = NULL, *words[8], *name = NULL;
	bool help = false, noop = false;
	const struct admin_opt opts[] = {
		{ "verify", ADMIN_VALUE, NULL, &verify },
		{ "expand", ADMIN_VALUE, NULL, &expand },
		{ "help-text", ADMIN_FLAG, &help, NULL },
		{ "noop", ADMIN_FLAG, &noop, NULL },
	};
	int left = admin_opts(opts, NELEM(opts), argc, argv), status;
	const struct conf_relay *relay;
	size_t n = 0;

	if (left == -1 || left > 1)
		return admin_usage(usage);
	if (left == 1)
		name = argv[1];
	if (verify != NULL) {
		words[n++] = "--verify";
		words[n++] = verify;
	}
	if (expand != NULL) {
		words[n++] = "--expand";
		words[n++] = expand;
	}
	if (help)
		words[n++] = "--help-text";
	if (noop || n == 0)
		words[n++] = "--noop";
	words[n] = NULL;
	status = site_load(a);
	if (status != EX_OK)
		return status;
	status = site_relay(a, name, &relay);
	if (status != EX_OK)
		return status;
	return admin_deliver(a, relay->name, words);
}

/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cmd/sendoff/admin.h"
#include "cmd/sendoff/site.h"

static const char usage[] = "check [--relay [NAME]] [--send ADDRESS]";

/* Every relay that has a host, one after the other; the first failure's
 * status. */
static int
walk_all(const struct admin *a)
{
	static const char *const nothing[] = { NULL };
	int status = EX_OK, one;
	size_t i;

	for (i = 0; i < a->conf.nrelays; i++) {
		const char *name = a->conf.relays[i].name;

		if (a->conf.relays[i].nhosts == 0)
			continue;
		if (a->conf.nrelays > 1)
			(void)printf(name[0] != '\0' ? "[relay %s]\n" :
			    "[relay%s]\n", name);
		one = admin_deliver(a, name, nothing);
		if (status == EX_OK)
			status = one;
	}
	return status;
}

static int
check_file(struct admin *a)
{
	size_t i, hosts = 0;
	int status = site_load(a);

	if (status != EX_OK)
		return status;
	if (site_check_files(a) > 0)
		return EX_CONFIG;
	if (a->conf.present)
		(void)printf("%s: no errors\n", a->conf.path);
	else
		(void)printf("%s: not there; everything has its default\n",
		    a->conf.path);
	for (i = 0; i < a->conf.nrelays; i++)
		hosts += a->conf.relays[i].nhosts;
	if (hosts == 0)
		(void)printf("no relay is configured: mail is queued and "
		    "waits\n");
	return EX_OK;
}

int
check_main(struct admin *a, int argc, char **argv)
{
	const char *name = NULL, *address = NULL, *words[3] = { NULL };
	bool walk = false;
	const struct admin_opt opts[] = {
		{ "relay", ADMIN_MAYBE, &walk, &name },
		{ "send", ADMIN_VALUE, NULL, &address },
	};
	int left = admin_opts(opts, NELEM(opts), argc, argv), status;
	const struct conf_relay *relay;

	if (left != 0)
		return admin_usage(usage);
	if (address != NULL && address[0] == '\0')
		return admin_say(EX_USAGE, "check: --send needs an address");
	status = check_file(a);
	if (status != EX_OK || (!walk && address == NULL))
		return status;
	status = site_relay(a, name, &relay);
	if (status != EX_OK)
		return status;
	if (address == NULL && name == NULL)
		return walk_all(a);
	if (address != NULL) {
		words[0] = "--send";
		words[1] = address;
	}
	return admin_deliver(a, relay->name, words);
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/paths.h"

#include "cmd/sendoff/admin.h"
#include "cmd/sendoff/site.h"

enum {
	WORDS_MAX = 8,
};

/* HTTPS is sendoff-token's; what it does and says is the command's end. */
int
login_main(struct admin *a, int argc, char **argv)
{
	const char *device_url = NULL, *words[WORDS_MAX];
	const struct admin_opt opts[] = {
		{ "device-url", ADMIN_VALUE, NULL, &device_url },
	};
	int left = admin_opts(opts, NELEM(opts), argc, argv), n = 0, status;
	const struct conf_relay *relay;
	char *path;

	if (left == -1 || left > 1)
		return admin_usage("login [NAME] [--device-url URL]");
	status = site_load(a);
	if (status == EX_OK)
		status = site_relay(a, left == 1 ? argv[1] : NULL, &relay);
	if (status != EX_OK)
		return status;
	words[n++] = "sendoff-token";
	words[n++] = "-C";
	words[n++] = a->conf.path;
	words[n++] = "--login";
	if (device_url != NULL) {
		words[n++] = "--device-url";
		words[n++] = device_url;
	}
	words[n++] = relay->name;
	words[n] = NULL;
	path = paths_program("sendoff-token");
	(void)fflush(stdout);
	/* execv takes them as they are and changes nothing */
	(void)execv(path, (char *const *)(const void *)words);
	status = admin_say(EX_OSFILE, "run %s: %s", path, strerror(errno));
	mem_free(path);
	return status;
}

/* SPDX-License-Identifier: ISC */
/*
 * become - the modes that are another program's: the runner (-bd, -bD,
 * -q30m) and the status of the relays (-bh, -bH).
 */
#include <stdio.h>

#include "cmd/sendmail/front.h"
#include "cmd/sendmail/say.h"
#include "cmd/sendmail/words.h"

int
runner_run(struct front *f)
{
	struct err err = { 0 };
	struct words w;
	char interval[32];

	words_init(&w, &f->site, "sendoffd");
	if (!f->options.foreground)
		words_add(&w, "-d");
	if (f->options.verbose)
		words_add(&w, "-v");
	if (f->options.interval_sec != 0) {
		(void)snprintf(interval, sizeof(interval), "%llds",
		    (long long)f->options.interval_sec);
		words_add(&w, "-q");
		words_add(&w, interval);
	}
	(void)process_become(w.v, &err);
	words_free(&w);
	return say_err(&err);
}

int
status_run(struct front *f)
{
	struct err err = { 0 };
	struct words w;

	words_init(&w, &f->site, "sendoff");
	words_add(&w, "status");
	(void)process_become(w.v, &err);
	words_free(&w);
	return say_err(&err);
}

/* SPDX-License-Identifier: ISC */
/*
 * sendmail - the way in. Also mailq and newaliases, by argv[0].
 *
 * With privilege: the configuration, the queue's directory, one draft (or a
 * child that hands out more). Then the group is given back, and only then is
 * a byte of the caller's looked at, but for the one look (look.h).
 */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendmail/front.h"
#include "cmd/sendmail/say.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"

const int mem_exit_status = EX_TEMPFAIL;

/* The way to the queue, and what its runner knows of the relays. */
static int
open_queue(struct front *f, bool keep, struct err *err)
{
	if (drafts_open(&f->drafts, keep, err) == -1)
		return -1;
	if (!f->drafts.gate && f->site.relays_sound)
		limits_load(&f->limits, f->drafts.queue, &f->site.conf);
	return 0;
}

static int
open_ways(struct front *f, enum options_mode mode, struct err *err)
{
	drafts_init(&f->drafts, &f->site.conf, f->caller.uid);
	switch (mode) {
	case OPTIONS_SUBMIT:
		if (open_queue(f, false, err) == -1)
			return -1;
		/* later than here we may not make one */
		if (process_privileged() && !f->drafts.gate)
			return drafts_get(&f->drafts, &f->draft, err);
		return 0;
	case OPTIONS_SMTP:
	case OPTIONS_BATCH:
		return open_queue(f, true, err);
	case OPTIONS_LIST:
		if (!process_privileged() || f->caller.uid == 0)
			return 0;
		if (lister_start(&f->site.conf, f->caller.uid,
		    &f->lister, &f->runner_alive, err) == 0)
			return 0;
		/* a group that is not the queue's is no group at all */
		return drafts_refused(err) ? 0 : -1;
	default:
		return 0;
	}
}

/* What is done with privilege, or without where there is none. */
static int
prepare(struct front *f, enum options_mode mode, struct err *err)
{
	if (site_load(&f->site, &f->look, err) == -1)
		return -1;
	return open_ways(f, mode, err);
}

/* MaxHopCount and MaxMessageSize may lower what the administrator allows. */
static void
lower_limits(const struct options *o, struct conf *conf)
{
	if (o->hops_max != -1 && o->hops_max < conf->max_hops)
		conf->max_hops = o->hops_max;
	if (o->size_max > 0 && (conf->max_message_size == 0 ||
	    o->size_max < conf->max_message_size))
		conf->max_message_size = o->size_max;
}

static int
dispatch(struct front *f)
{
	switch (f->options.mode) {
	case OPTIONS_SUBMIT:
		return submit_run(f);
	case OPTIONS_LIST:
		return mailq_run(f);
	case OPTIONS_FLUSH:
		return flush_run(f);
	case OPTIONS_ALIASES:
		return newaliases_run(f);
	case OPTIONS_VERIFY:
		return verify_run(f);
	case OPTIONS_SMTP:
	case OPTIONS_BATCH:
		return serve_run(f);
	case OPTIONS_RUNNER:
		return runner_run(f);
	case OPTIONS_STATUS:
		return status_run(f);
	}
	return EX_SOFTWARE;
}

static void
note_unwritten(const struct options *o)
{
	char shown[256];

	if (o->unwritten == NULL)
		return;
	text_clean_to(shown, sizeof(shown), o->unwritten,
	    strlen(o->unwritten));
	log_info("uid=%u wanted a log in %s (-X, -D): not written", getuid(),
	    shown);
}

/* Where the caller names another configuration or queue, he gets it without
 * privilege; root needs none. */
static bool
is_trusted(const struct look *look)
{
	return !look->broken && (getuid() == 0 ||
	    (look->conf_file == NULL && look->queue_dir == NULL));
}

static int
run(struct front *f, int argc, char **argv)
{
	struct err err = { 0 }, early = { 0 };
	bool prepared = process_privileged() && is_trusted(&f->look);
	bool failed = prepared && prepare(f, f->look.mode, &early) == -1;

	if (process_drop(&err) == -1 ||
	    options_parse(argc, argv, &f->options, &err) == -1)
		return say_err(&err);
	if (!prepared)
		failed = prepare(f, f->options.mode, &early) == -1;
	if (failed)
		return front_refuse(f, &early);
	/* Nothing is opened by a relative name from here. */
	if (chdir("/") == -1) {
		(void)err_sys(&err, "/");
		return say_err(&err);
	}
	lower_limits(&f->options, &f->site.conf);
	note_unwritten(&f->options);
	caller_load(&f->caller, f->caller.uid);
	return dispatch(f);
}

int
main(int argc, char **argv)
{
	struct front f = { .draft = { .fd = -1, .dir_fd = -1 },
	    .lister.fd = -1, .drafts.keeper.fd = -1 };
	int code;

	process_init(&f.process);
	f.caller.uid = getuid();
	look_take(argc, argv, &f.look);
	code = run(&f, argc, argv);
	draft_abort(&f.draft);
	limits_free(&f.limits);
	drafts_close(&f.drafts);
	keeper_stop(&f.lister);
	options_free(&f.options);
	site_free(&f.site);
	caller_free(&f.caller);
	mem_free(f.process.name);
	log_close();
	return code;
}

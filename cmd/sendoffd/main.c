/* SPDX-License-Identifier: ISC */
/*
 * sendoffd - sends what is in the queue. See sendoffd.8.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "queue/runner.h"

#include "cmd/sendoffd/background.h"
#include "cmd/sendoffd/loop.h"
#include "cmd/sendoffd/report.h"

enum { OPT_ONCE = 256, OPT_ID, OPT_DRAIN, OPT_NOW, OPT_PROGRESS, OPT_QUEUE,
	OPT_ON_DEMAND };

static const struct option long_options[] = {
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "id", required_argument, NULL, OPT_ID },
	{ "drain", no_argument, NULL, OPT_DRAIN },
	{ "now", no_argument, NULL, OPT_NOW },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ "queue", required_argument, NULL, OPT_QUEUE },
	{ "on-demand", no_argument, NULL, OPT_ON_DEMAND },
	{ NULL, 0, NULL, 0 },
};

static int
usage(const char *what, const char *why)
{
	(void)fprintf(stderr, "sendoffd: %s: %s; usage: sendoffd [-C file] "
	    "[-dv] [-q interval] [--once [--id id]...] [--drain]\n", what, why);
	return -1;
}

static int
add_id(struct options *o, const char *id)
{
	if (!id_check(id, strlen(id))) {
		(void)fprintf(stderr, "sendoffd: --id %s: no such id\n", id);
		return -1;
	}
	o->ids = mem_array(o->ids, o->nids + 1, sizeof(const char *));
	o->ids[o->nids++] = id;
	return 0;
}

static int
set_option(struct options *o, int c, const char *arg)
{
	switch (c) {
	case 'C':
		o->conf_path = arg;
		return 0;
	case 'd':
		o->background = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case 'q':
		if (conf_duration(arg, strlen(arg), &o->interval_sec) &&
		    o->interval_sec > 0)
			return 0;
		(void)fprintf(stderr, "sendoffd: -q %s: a duration like 30m "
		    "is needed\n", arg);
		return -1;
	case OPT_ONCE:
		o->once = true;
		return 0;
	case OPT_DRAIN:
		o->once = o->drain = true;
		return 0;
	case OPT_NOW:
		o->now = true;
		return 0;
	case OPT_PROGRESS:
		o->progress = true;
		return 0;
	case OPT_ON_DEMAND:
		o->once = o->drain = o->on_demand = true;
		return 0;
	case OPT_QUEUE:		/* sendmail -oQ */
		o->queue_dir = arg;
		return 0;
	case OPT_ID:
		return add_id(o, arg);
	default:
		return -1;
	}
}

static int
read_options(struct options *o, int argc, char **argv)
{
	char flag[3] = "-";
	int c;

	opterr = 0;
	for (;;) {
		c = getopt_long(argc, argv, "C:dq:v", long_options, NULL);
		if (c == -1)
			break;
		if (c == '?') {
			if (optopt > 0 && optopt < OPT_ONCE)
				flag[1] = (char)optopt;
			return usage(flag[1] != '\0' ? flag :
			    argv[optind - 1],
			    "unknown, or its value is missing");
		}
		if (set_option(o, c, optarg) == -1)
			return -1;
	}
	if (optind != argc)
		return usage(argv[optind], "no argument is taken");
	if (o->nids > 0 && !o->once)
		return usage("--id", "only with --once");
	if (o->interval_sec > 0 && o->once)
		return usage("-q", "not with --once");
	return 0;
}

/* 0, 1 and 2 are open, whatever we were started with. */
static void
open_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd != -1 && fd <= STDERR_FILENO);
	if (fd != -1)
		(void)close(fd);
}

/*
 * Root becomes the queue's owner, for good. Everything is checked: a runner
 * that kept what it should have dropped must not run.
 */
static int
become_owner(uid_t uid, gid_t gid, struct err *err)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getuid() != 0 && geteuid() != 0) {
		if (geteuid() != uid)
			return err_set(err, ERR_DENIED, "4.7.0", "the queue "
			    "belongs to uid %u, and this is uid %u", uid,
			    geteuid());
		return 0;
	}
	if (uid == 0)
		return 0;
	if (setgroups(1, &gid) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return err_sys(err, "become the queue's owner, uid %u", uid);
	if (getresuid(&r, &e, &s) == -1 || getresgid(&rg, &eg, &sg) == -1 ||
	    r != uid || e != uid || s != uid || rg != gid || eg != gid ||
	    sg != gid || setuid(0) != -1)
		return err_set(err, ERR_SYSTEM, "4.3.5",
		    "the privilege was not dropped");
	return 0;
}

/* The queue's owner is known once it is open; what is opened as root is not
 * used, so that nothing is made as root. */
static int
open_queue(struct runner *r, struct err *err)
{
	const char *dir = r->site->conf.queue_dir;
	struct stat st;

	/* the installed one is not root's to make */
	if (stat(dir, &st) == -1 && errno == ENOENT &&
	    (geteuid() != 0 || strcmp(dir, paths_spool) != 0)) {
		if (queue_create(dir, err) == -1)
			return -1;
	} else if (stat(dir, &st) == -1) {
		return err_sys(err, "queue %s", dir);
	} else if (become_owner(st.st_uid, st.st_gid, err) == -1) {
		return err_ctx(err, "queue %s", dir);
	}
	return queue_open(dir, QUEUE_RUN, &r->queue, err);
}

static int
run(struct runner *r, struct err *err)
{
	int lock = -1, status;

	loop_block_signals();
	(void)umask(077);
	if (site_load(r->options->conf_path, r->options->queue_dir, &r->site,
	    err) == -1 ||
	    open_queue(r, err) == -1 ||
	    site_open_log(r->site, r->options->verbose, err) == -1)
		return -1;
	if (r->options->background && background_start(err) == -1)
		return -1;
	if (!r->options->once &&
	    queue_runner_lock(r->queue, &lock, err) == -1)
		return -1;
	r->program = paths_program("sendoff-deliver");
	allowance_init(&r->reports, REPORT_BURST, REPORT_PER_HOUR);
	status = loop_run(r);
	if (lock != -1)
		(void)close(lock);
	return status;
}

/* Whoever started it may not read the log. */
static void
say_why(const struct runner *r, const struct err *err)
{
	log_error("%s", err->text);
	if (r->site != NULL && !r->options->verbose &&
	    r->site->conf.log_target != LOG_TO_STDERR)
		(void)fprintf(stderr, "sendoffd: %s\n", err->text);
}

/* A delivery process, and a later look, may stand in another directory. */
static char *
absolute(const char *path)
{
	char *whole = path != NULL ? realpath(path, NULL) : NULL;

	/* what is not there is told by its name as given */
	return whole != NULL ? whole : mem_str(path);
}

int
main(int argc, char **argv)
{
	struct options options = { 0 };
	struct runner r = { .options = &options };
	struct err err = { 0 };
	char *conf_path;
	int status;

	open_standard_fds();
	if (read_options(&options, argc, argv) == -1) {
		mem_free(options.ids);
		return EX_USAGE;
	}
	conf_path = absolute(options.conf_path);
	options.conf_path = conf_path;
	status = run(&r, &err);
	if (status == -1) {
		say_why(&r, &err);
		status = err_exit_status(&err);
	}
	queue_close(r.queue);
	site_drop(r.site);
	mem_free(r.program);
	mem_free(conf_path);
	mem_free(options.ids);
	log_close();
	return status;
}

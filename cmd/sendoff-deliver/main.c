/* SPDX-License-Identifier: ISC */
/*
 * sendoff-deliver - one session with a relay, for the runner (job.h) or for
 * somebody who wants to know how the relay is (--check).
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendoff-deliver/check.h"
#include "cmd/sendoff-deliver/serve.h"
#include "cmd/sendoff-deliver/setup.h"
#include "core/base/log.h"
#include "core/mail/job.h"
#include "core/smtp/lockdown.h"

static const char usage_text[] =
    "usage: sendoff-deliver [-v] [-C file] [--relay name]\n"
    "       sendoff-deliver [-v] [-C file] [--relay name] --check\n"
    "           [--send address | --verify address | --expand list |\n"
    "           --help-text | --noop]\n";

static int
usage(void)
{
	(void)fputs(usage_text, stderr);
	return EX_USAGE;
}

struct options {
	const char	*conf_path;	/* NULL: the default */
	const char	*relay;		/* "" is the unnamed one */
	bool		 verbose;
	bool		 check;
	struct check	 what;
};

enum { OPT_RELAY = 256, OPT_CHECK, OPT_SEND, OPT_VERIFY, OPT_EXPAND,
	OPT_HELP_TEXT, OPT_NOOP };

static bool
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "relay", required_argument, NULL, OPT_RELAY },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "send", required_argument, NULL, OPT_SEND },
		{ "verify", required_argument, NULL, OPT_VERIFY },
		{ "expand", required_argument, NULL, OPT_EXPAND },
		{ "help-text", no_argument, NULL, OPT_HELP_TEXT },
		{ "noop", no_argument, NULL, OPT_NOOP },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "C:v", longs, NULL)) != -1) {
		switch (c) {
		case 'C':
			o->conf_path = optarg;
			break;
		case 'v':
			o->verbose = true;
			break;
		case OPT_RELAY:
			o->relay = optarg;
			break;
		case OPT_CHECK:
			o->check = true;
			break;
		case OPT_SEND:
			o->what.send = optarg;
			break;
		case OPT_VERIFY:
			o->what.verify = optarg;
			break;
		case OPT_EXPAND:
			o->what.expand = optarg;
			break;
		case OPT_HELP_TEXT:
			o->what.help_text = true;
			break;
		case OPT_NOOP:
			o->what.noop = true;
			break;
		default:
			return false;
		}
	}
	if (optind < argc)
		o->relay = argv[optind++];
	return optind == argc;
}

/* The runner decides when we end, and it does so by the socket: a signal to
 * the whole group must not cut a message between its dot and the reply. Its
 * own SIGALRM, when a stop has taken too long, ends us anywhere else. */
static void
ignore_signals(void)
{
	static const int signals[] = { SIGPIPE, SIGTERM, SIGINT, SIGHUP,
		SIGUSR1, SIGUSR2 };
	size_t i;

	for (i = 0; i < NELEM(signals); i++)
		(void)signal(signals[i], SIG_IGN);
	(void)signal(SIGALRM, SIG_DFL);
}

/* The configuration's fault, or a secret's: said to the runner. */
static int
refuse_to_serve(const struct err *err)
{
	struct job_say down = { .kind = JOB_SAY_DOWN,
	    .down = err->kind == ERR_CONF ? JOB_DOWN_CONF : JOB_DOWN_AUTH };
	struct buf b;

	outcome_set(&down.outcome, OUTCOME_DEFERRED,
	    err->dsn[0] != '\0' ? err->dsn : "4.3.5", "%s", err->text);
	buf_init(&b, JOB_PACKET_MAX);
	job_say_write(&down, &b);
	(void)send(STDIN_FILENO, buf_str(&b), b.n, MSG_NOSIGNAL);
	buf_free(&b);
	log_error("%s", err->text);
	return err_exit_status(err);
}

int
main(int argc, char **argv)
{
	const struct rlimit none = { 0, 0 };
	struct options o = { .relay = "" };
	struct setup setup;
	struct err err = { 0 };
	int status;

	if (!read_options(argc, argv, &o))
		return usage();
	if (check_arguments(&o.what, &err) == -1) {
		(void)fprintf(stderr, "sendoff-deliver: %s\n", err.text);
		return EX_USAGE;
	}
	/* Secrets will be in memory. What --send sends is made late, and in a
	 * way that a locked-down process may not. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!o.check)
		ignore_signals();
	if (setup_open(&setup, o.conf_path, o.relay, o.verbose, &err) == -1 ||
	    (o.what.send == NULL && lockdown_relay(setup.smtp.relay, &err)
	    == -1)) {
		if (o.check) {
			(void)fprintf(stderr, "sendoff-deliver: %s\n",
			    err.text);
			status = err_exit_status(&err);
		} else {
			status = refuse_to_serve(&err);
		}
	} else if (o.check) {
		status = check_run(&setup.conf, &setup.smtp, &o.what);
	} else {
		serve(0, &setup.smtp);
		status = EX_OK;
	}
	setup_close(&setup);
	return status;
}

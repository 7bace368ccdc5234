/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/log.h"

#include "cmd/sendoff/admin.h"

static const struct {
	const char	*name;
	int		(*run)(struct admin *, int argc, char **argv);
} commands[] = {
	{ "check", check_main }, { "queue", queue_main },
	{ "show", show_main }, { "hold", change_main },
	{ "release", change_main }, { "remove", change_main },
	{ "retry", change_main }, { "status", status_main },
	{ "probe", probe_main }, { "mdn", mdn_main },
	{ "report", report_main }, { "trace", trace_main },
	{ "login", login_main },
};

static const char usage[] =
    "usage: sendoff [-C file] command\n"
    "  check [--relay [NAME]] [--send ADDRESS]   is the configuration right,"
    " and the way open?\n"
    "  probe [NAME] [--verify ADDRESS] [--expand LIST] [--help-text]"
    " [--noop]\n"
    "  login [NAME] [--device-url URL]           gets an OAuth refresh token"
    "\n"
    "  queue [--json]                            what is queued\n"
    "  show ID [--message]                       one message, its history\n"
    "  hold | release | remove | retry           of some messages:\n"
    "      ID... | --all | [--from PATTERN] [--to PATTERN] [--older TIME]\n"
    "  mdn --disposition TYPE --recipient ADDRESS [--mode manual|automatic]\n"
    "      [--sent manually|automatically]       answers the message on"
    " standard input\n"
    "  report [--json] [--record]                reads a DSN or MDN from"
    " standard input\n"
    "  trace ID | --envelope-id V | --message-id M [--json]\n"
    "                                            what became of it\n"
    "  status [--watch] [--json] [--metrics]     runner, queue and relays\n";

/* A closed standard descriptor would become one of ours. */
static void
open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

/* Steps behind -C FILE; how many words were taken, or -1. */
static int
take_options(struct admin *a, int argc, char **argv)
{
	int i = 1;

	while (i < argc && argv[i][0] == '-') {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return i;
		if (argv[i][1] != 'C')
			return -1;
		if (argv[i][2] != '\0') {
			a->conf_path = argv[i] + 2;
		} else {
			if (++i == argc)
				return -1;
			a->conf_path = argv[i];
		}
		i++;
	}
	return i;
}

static int
run(struct admin *a, int argc, char **argv)
{
	size_t i;

	for (i = 0; i < NELEM(commands); i++)
		if (strcmp(argv[0], commands[i].name) == 0)
			return commands[i].run(a, argc, argv);
	(void)admin_say(0, "there is no command \"%s\"", argv[0]);
	(void)fputs(usage, stderr);
	return EX_USAGE;
}

int
main(int argc, char **argv)
{
	struct admin a = { 0 };
	int i, status;

	open_standard();
	i = take_options(&a, argc, argv);
	if (i == -1 || i >= argc) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	if (argv[i][0] == '-') {
		(void)fputs(usage, stdout);
		status = EX_OK;
	} else {
		status = run(&a, argc - i, argv + i);
	}
	queue_close(a.queue);
	conf_free(&a.conf);
	conf_problems_free(&a.problems);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == EX_OK)
		return admin_say(EX_IOERR, "standard output: %s",
		    strerror(errno));
	return status;
}

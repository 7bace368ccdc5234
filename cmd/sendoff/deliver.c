/* SPDX-License-Identifier: ISC */
/*
 * The way to the relay is walked by sendoff-deliver, which has TLS, SASL and
 * a resolver; this program has none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/paths.h"

#include "cmd/sendoff/admin.h"

enum {
	WORDS_MAX = 24,
};

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return admin_say(EX_OSERR, "wait: %s",
			    strerror(errno));
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return admin_say(EX_TEMPFAIL, "sendoff-deliver was ended by signal "
	    "%d", WTERMSIG(status));
}

int
admin_deliver(const struct admin *a, const char *relay,
    const char *const *words)
{
	const char *argv[WORDS_MAX] = { "sendoff-deliver", "-C",
	    a->conf.path, "--check", "--relay", relay };
	char *path = paths_program("sendoff-deliver");
	size_t n = 6;
	pid_t pid;
	int status;

	while (*words != NULL && n < WORDS_MAX - 1)
		argv[n++] = *words++;
	argv[n] = NULL;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		/* execv takes them as they are and changes nothing */
		(void)execv(path, (char *const *)(const void *)argv);
		_exit(admin_say(EX_OSFILE, "run %s: %s", path,
		    strerror(errno)));
	}
	if (pid == -1)
		status = admin_say(EX_OSERR, "fork: %s", strerror(errno));
	else
		status = wait_for(pid);
	mem_free(path);
	return status;
}

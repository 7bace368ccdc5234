/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/base/text.h"

#include "cmd/sendoffd/notify.h"

static int sock = -1;

static int
connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd;

	if ((path[0] != '/' && path[0] != '@') || n >= sizeof(sun.sun_path))
		return -1;
	memcpy(sun.sun_path, path, n);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sun, (socklen_t)
	    (offsetof(struct sockaddr_un, sun_path) + n)) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Half of the watchdog's patience, in ms. */
static int64_t
watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	int64_t us, who;

	if (usec == NULL ||
	    !text_to_int(usec, strlen(usec), 1, INT64_MAX, &us))
		return 0;
	if (pid != NULL && (!text_to_int(pid, strlen(pid), 1, INT32_MAX,
	    &who) || who != getpid()))
		return 0;
	return us / 2000 > 0 ? us / 2000 : 1;
}

int64_t
notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int64_t ms = 0;

	if (path != NULL)
		sock = connect_to(path);
	if (sock != -1)
		ms = watchdog_ms();
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	return ms;
}

void
notify_close(void)
{
	if (sock != -1)
		(void)close(sock);
	sock = -1;
}

static void
say(const char *text)
{
	if (sock != -1)
		(void)send(sock, text, strlen(text), MSG_NOSIGNAL);
}

void
notify_ready(void)
{
	say("READY=1");
}

void
notify_reloading(void)
{
	char text[80];
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%"
	    PRId64, (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
	say(text);
}

void
notify_stopping(void)
{
	say("STOPPING=1");
}

void
notify_watchdog(void)
{
	say("WATCHDOG=1");
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/text.h"

enum {
	HOST_BYTES = 256,
	HEAD_BYTES = 512,
	TAG_BYTES = 32,
};

static struct {
	const char	*ident;		/* borrowed, constant; NULL: none */
	enum log_target	 target;
	enum log_level	 level;
	int		 fd;		/* owned; LOG_TO_FILE, LOG_TO_SYSLOG */
	char		 host[HOST_BYTES];
} sink = { NULL, LOG_TO_STDERR, LOG_LEVEL_INFO, -1, "" };

/*
 * The same datagram as syslog(3) sends, by our own socket: syslog(3) blocks
 * for as long as a stopped log daemon leaves its queue full, and a caller of
 * sendmail must never wait for that.
 */
static int
connect_syslog(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = _PATH_LOG };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void
send_syslog(int priority, const char *tag, const char *line)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	char packet[LOG_LINE_MAX + HEAD_BYTES];
	time_t now = (time_t)clock_wall_sec();
	struct tm tm = { 0 };
	int try, n;

	(void)localtime_r(&now, &tm);
	n = snprintf(packet, sizeof(packet),
	    "<%d>%s %2d %02d:%02d:%02d %s[%d]: %s", LOG_MAIL | priority,
	    months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    tag, (int)getpid(), line);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(packet))
		n = (int)sizeof(packet) - 1;
	/* A log daemon that was restarted has another socket there. */
	for (try = 0; try < 2; try++) {
		if (sink.fd == -1)
			sink.fd = connect_syslog();
		if (sink.fd == -1 ||
		    send(sink.fd, packet, (size_t)n, MSG_NOSIGNAL) != -1 ||
		    errno == EAGAIN || errno == ENOBUFS)
			return;
		(void)close(sink.fd);
		sink.fd = -1;
	}
}

/* One write, and none where it would wait or where nobody reads. */
static void
put(int fd, const char *p, size_t n)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	if (poll(&pfd, 1, 0) != 1 || pfd.revents != POLLOUT)
		return;
	if (write(fd, p, n) == -1)
		return;			/* lost; there is nobody to tell */
}

/* As rsyslog writes its files: RFC 3339 time, host, ident[pid]. */
static void
put_file(const char *tag, const char *line)
{
	struct buf b;
	int64_t us = clock_wall_us();
	time_t now = (time_t)(us / 1000000);
	struct tm tm = { 0 };
	long zone;

	(void)localtime_r(&now, &tm);
	zone = tm.tm_gmtoff / 60;
	buf_init(&b, LOG_LINE_MAX + HEAD_BYTES);
	buf_addf(&b, "%04d-%02d-%02dT%02d:%02d:%02d.%06d%c%02ld:%02ld "
	    "%s %s[%d]: %s\n", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
	    tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(us % 1000000),
	    zone < 0 ? '-' : '+', (zone < 0 ? -zone : zone) / 60,
	    (zone < 0 ? -zone : zone) % 60, sink.host, tag,
	    (int)getpid(), line);
	put(sink.fd, buf_str(&b), b.n);
	buf_free(&b);
}

static void
put_stderr(const char *line)
{
	struct buf b;

	buf_init(&b, LOG_LINE_MAX + HEAD_BYTES);
	if (sink.ident != NULL)
		buf_addf(&b, "%s: ", sink.ident);
	buf_addf(&b, "%s\n", line);
	put(STDERR_FILENO, buf_str(&b), b.n);
	buf_free(&b);
}

/*
 * As text_clean, but a backslash stays as it is: the arguments have been
 * cleaned before, and "\x1B" shall not grow with each cleaning.
 */
static void
clean(struct buf *b, const char *p, size_t n)
{
	const char *stop;
	size_t len;

	while (n > 0) {
		stop = memchr(p, '\\', n);
		len = stop != NULL ? (size_t)(stop - p) : n;
		text_clean(b, p, len, len * 4);
		if (stop != NULL) {
			buf_addc(b, '\\');
			len++;
		}
		p += len;
		n -= len;
	}
}

static void
cut(struct buf *b, bool was_cut)
{
	size_t n = b->n;

	if (n <= LOG_LINE_MAX && !was_cut)
		return;
	if (n > LOG_LINE_MAX - 3)
		n = LOG_LINE_MAX - 3;
	/* Not inside a UTF-8 character. */
	while (n > 0 && n < b->n && ((unsigned char)b->p[n] & 0xc0) == 0x80)
		n--;
	buf_cut(b, n);
	buf_adds(b, "...");
}

static void
write_line(enum log_level level, int priority, const char *tag,
    const char *fmt, va_list ap) PRINTF_LIKE(4, 0);

/* tag NULL: the program's own. */
static void
write_line(enum log_level level, int priority, const char *tag,
    const char *fmt, va_list ap)
{
	char raw[LOG_LINE_MAX + 1];
	struct buf line;
	int sys = errno, n;

	if (level > sink.level)
		return;
	n = vsnprintf(raw, sizeof(raw), fmt, ap);
	if (n < 0)
		return;
	if (tag == NULL)
		tag = sink.ident;
	buf_init(&line, LOG_LINE_MAX * 4 + 4);
	clean(&line, raw, strlen(raw));
	cut(&line, (size_t)n >= sizeof(raw));
	switch (sink.target) {
	case LOG_TO_SYSLOG:
		send_syslog(priority, tag, buf_str(&line));
		break;
	case LOG_TO_FILE:
		put_file(tag, buf_str(&line));
		break;
	case LOG_TO_STDERR:
		put_stderr(buf_str(&line));
		break;
	}
	buf_free(&line);
	errno = sys;
}

int
log_make_file(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);

	if (fd == -1)
		return err_sys(err, "open log %s", path);
	(void)close(fd);
	return 0;
}

int
log_open(const char *ident, enum log_target target, const char *path,
    enum log_level level, struct err *err)
{
	int fd = -1;

	if (target == LOG_TO_FILE) {
		/* Non-blocking: a FIFO without a reader is an error, not a
		 * wait. */
		fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC);
		if (fd == -1)
			return err_sys(err, "open log %s", path);
	}
	log_close();
	sink.ident = ident;
	sink.target = target;
	sink.level = level;
	/* Connected now, while a chroot or sandbox has not yet begun. */
	sink.fd = target == LOG_TO_SYSLOG ? connect_syslog() : fd;
	if (gethostname(sink.host, sizeof(sink.host)) == -1 ||
	    sink.host[0] == '\0')
		(void)snprintf(sink.host, sizeof(sink.host), "localhost");
	sink.host[sizeof(sink.host) - 1] = '\0';
	return 0;
}

void
log_close(void)
{
	if (sink.fd != -1)
		(void)close(sink.fd);
	sink.ident = NULL;
	sink.target = LOG_TO_STDERR;
	sink.level = LOG_LEVEL_INFO;
	sink.fd = -1;
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_LEVEL_ERROR, LOG_ERR, NULL, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_LEVEL_INFO, LOG_INFO, NULL, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_LEVEL_DEBUG, LOG_DEBUG, NULL, fmt, ap);
	va_end(ap);
}

void
log_mail(const char *part, const char *fmt, ...)
{
	char tag[TAG_BYTES];
	va_list ap;

	(void)snprintf(tag, sizeof(tag), "sendoff/%s", part);
	va_start(ap, fmt);
	write_line(LOG_LEVEL_INFO, LOG_INFO, tag, fmt, ap);
	va_end(ap);
}

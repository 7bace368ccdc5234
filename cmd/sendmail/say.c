/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cmd/sendmail/say.h"
#include "core/base/buf.h"

enum {
	LINE_MAX_BYTES = 4096,
};

void
say(const char *fmt, ...)
{
	struct buf b;
	va_list ap;
	ssize_t r;

	buf_init(&b, LINE_MAX_BYTES);
	buf_adds(&b, "sendmail: ");
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	buf_addc(&b, '\n');
	r = write(STDERR_FILENO, b.p, b.n);
	(void)r;		/* there is nobody else to tell */
	buf_free(&b);
}

int
say_err(const struct err *err)
{
	say("%s%s", err->text, err->kind == ERR_USAGE ?
	    "; usage: sendmail [options] [recipient ...] < message" : "");
	return err_exit_status(err);
}

int
say_out(const char *p, size_t n)
{
	while (n != 0) {
		ssize_t r = write(STDOUT_FILENO, p, n);

		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0) {
			say("standard output: %s", strerror(errno));
			return -1;
		}
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/base/err.h"

int
err_set(struct err *err, enum err_kind kind, const char *dsn,
    const char *fmt, ...)
{
	va_list ap;

	err->kind = kind;
	err->sys = 0;
	(void)snprintf(err->dsn, sizeof(err->dsn), "%s",
	    dsn != NULL ? dsn : "");
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *err, const char *fmt, ...)
{
	int sys = errno;
	size_t n;
	va_list ap;

	err->kind = ERR_TEMP;
	err->sys = sys;
	(void)snprintf(err->dsn, sizeof(err->dsn), "4.3.0");
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	(void)snprintf(err->text + n, sizeof(err->text) - n, ": %s",
	    strerror(sys));
	return -1;
}

int
err_ctx(struct err *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	size_t n;
	va_list ap;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	(void)snprintf(err->text + n, sizeof(err->text) - n, ": %s", old);
	return -1;
}

bool
err_may_pass(const struct err *err)
{
	switch (err->sys) {
	case 0:
	case ENOENT:
	case ENOTDIR:
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENAMETOOLONG:
		return false;
	default:
		return true;
	}
}

int
err_exit_status(const struct err *err)
{
	switch (err->kind) {
	case ERR_NONE:
		return EX_OK;
	case ERR_USAGE:
		return EX_USAGE;
	case ERR_PERM:
	case ERR_DATA:
		return EX_DATAERR;
	case ERR_INPUT:
		return EX_IOERR;
	case ERR_SYSTEM:
		return EX_OSERR;
	case ERR_DENIED:
		return EX_NOPERM;
	case ERR_CONF:
		return EX_CONFIG;
	case ERR_TEMP:
	case ERR_PROTO:
		break;
	}
	return EX_TEMPFAIL;
}

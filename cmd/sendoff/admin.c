/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/base/paths.h"
#include "core/base/text.h"

#include "cmd/sendoff/admin.h"

enum {
	LINE_BYTES = 4096,
};

int
admin_say(int status, const char *fmt, ...)
{
	char raw[LINE_BYTES], line[LINE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	(void)fflush(stdout);
	(void)fprintf(stderr, "sendoff: %s\n",
	    text_clean_to(line, sizeof(line), raw, strlen(raw)));
	return status;
}

int
admin_fail(const struct err *err)
{
	bool denied = err->kind == ERR_TEMP &&
	    (err->sys == EACCES || err->sys == EPERM);

	return admin_say(denied ? EX_NOPERM : err_exit_status(err), "%s",
	    err->text);
}

int
admin_usage(const char *words)
{
	(void)fprintf(stderr, "usage: sendoff %s\n", words);
	return EX_USAGE;
}

static int
load_conf(struct admin *a)
{
	struct err err = { 0 };
	size_t i, n = 0;

	if (conf_load(a->conf_path, &a->conf, &a->problems, &err) == -1)
		return admin_fail(&err);
	for (i = 0; i < a->problems.n; i++)
		if (a->problems.v[i].section == CONF_QUEUE) {
			(void)admin_say(0, "%s", a->problems.v[i].text);
			n++;
		}
	return n > 0 ? EX_CONFIG : EX_OK;
}

int
admin_queue(struct admin *a, enum queue_mode mode)
{
	struct err err = { 0 };
	struct stat st;
	int status = load_conf(a);

	if (status != EX_OK)
		return status;
	if (mode == QUEUE_RUN && stat(a->conf.queue_dir, &st) == 0 &&
	    geteuid() != 0 && geteuid() != st.st_uid)
		return admin_say(EX_NOPERM, "queue %s: for root and its "
		    "owner only", a->conf.queue_dir);
	if (queue_open(a->conf.queue_dir, mode, &a->queue, &err) == 0)
		return EX_OK;
	/* One elsewhere than at the installed place is made by who comes
	 * first, as by the other programs. */
	if (err.sys == ENOENT && strcmp(a->conf.queue_dir, paths_spool) != 0 &&
	    queue_create(a->conf.queue_dir, &err) == 0 &&
	    queue_open(a->conf.queue_dir, mode, &a->queue, &err) == 0)
		return EX_OK;
	return admin_fail(&err);
}

void
admin_put(struct buf *b)
{
	(void)fwrite(buf_str(b), 1, b->n, stdout);
	buf_reset(b);
}

void
admin_add_time(struct buf *b, int64_t sec)
{
	time_t t = (time_t)sec;
	struct tm tm = { 0 };

	(void)localtime_r(&t, &tm);
	buf_addf(b, "%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The two greatest units. */
void
admin_add_age(struct buf *b, int64_t sec)
{
	static const struct { int64_t sec; char name; } units[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	size_t i, told = 0;

	if (sec < 0)
		sec = 0;
	for (i = 0; i < NELEM(units) && told < 2; i++) {
		if (sec < units[i].sec && !(told == 0 && i == 3))
			continue;
		buf_addf(b, "%s%jd%c", told > 0 ? " " : "",
		    (intmax_t)(sec / units[i].sec), units[i].name);
		sec %= units[i].sec;
		told++;
	}
}

static const struct admin_opt *
find_opt(const struct admin_opt *opts, size_t n, const char *name,
    size_t name_n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strlen(opts[i].name) == name_n &&
		    memcmp(opts[i].name, name, name_n) == 0)
			return &opts[i];
	return NULL;
}

/* The option at argv[i]; how many words it took, or -1. */
static int
take_opt(const struct admin_opt *opts, size_t n, int argc, char **argv, int i)
{
	const char *name = argv[i] + 2, *equals = strchr(name, '=');
	const struct admin_opt *o;
	int took = 1;

	o = strncmp(argv[i], "--", 2) != 0 ? NULL : find_opt(opts, n, name,
	    equals != NULL ? (size_t)(equals - name) : strlen(name));
	if (o == NULL)
		return admin_say(-1, "%s: there is no option \"%s\"", argv[0],
		    argv[i]);
	if (o->kind == ADMIN_FLAG && equals != NULL)
		return admin_say(-1, "%s: --%s takes no value", argv[0],
		    o->name);
	if (o->kind != ADMIN_FLAG && equals != NULL) {
		*o->value = equals + 1;
	} else if (o->kind == ADMIN_VALUE || (o->kind == ADMIN_MAYBE &&
	    i + 1 < argc && argv[i + 1][0] != '-')) {
		if (i + 1 == argc)
			return admin_say(-1, "%s: --%s needs a value",
			    argv[0], o->name);
		*o->value = argv[i + 1];
		took = 2;
	}
	if (o->seen != NULL)
		*o->seen = true;
	return took;
}

int
admin_opts(const struct admin_opt *opts, size_t n, int argc, char **argv)
{
	int i = 1, left = 0, took;
	bool ended = false;

	while (i < argc) {
		if (!ended && strcmp(argv[i], "--") == 0) {
			ended = true;
			i++;
		} else if (ended || argv[i][0] != '-') {
			argv[1 + left++] = argv[i++];
		} else {
			took = take_opt(opts, n, argc, argv, i);
			if (took == -1)
				return -1;
			i += took;
		}
	}
	return left;
}

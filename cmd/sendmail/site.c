/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/sendmail/process.h"
#include "cmd/sendmail/site.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

static bool
is_used(enum conf_section s)
{
	return s == CONF_IDENTITY || s == CONF_REWRITE || s == CONF_ALIASES ||
	    s == CONF_QUEUE;
}

/* Is the caller the one that the runner is, or will be? */
static bool
is_owner(const struct conf *conf)
{
	struct stat st;

	if (process_privileged())
		return false;
	if (stat(conf->queue_dir, &st) == 0)
		return st.st_uid == geteuid();
	return errno == ENOENT && strcmp(conf->queue_dir, paths_spool) != 0;
}

/*
 * Callers take any output for an error, so with target = stderr (which is
 * meant for the runner) only errors are shown. A log file that the caller may
 * not write to is replaced by syslog; to make it is the runner's.
 */
static void
open_log(const struct conf *conf)
{
	enum log_level level = conf->log_target == LOG_TO_STDERR ?
	    LOG_LEVEL_ERROR : conf->log_level;
	struct err err = { 0 };

	if (conf->log_target == LOG_TO_FILE && is_owner(conf))
		(void)log_make_file(conf->log_file, &err);
	if (log_open("sendmail", conf->log_target, conf->log_file, level,
	    &err) == -1)
		(void)log_open("sendmail", LOG_TO_SYSLOG, NULL, level, &err);
}

static int
judge(struct site *s, const struct conf_problems *problems, struct err *err)
{
	s->relays_sound = true;
	for (size_t i = 0; i < problems->n; i++)
		if (is_used(problems->v[i].section))
			return err_set(err, ERR_CONF, NULL, "%s",
			    problems->v[i].text);
	for (size_t i = 0; i < problems->n; i++) {
		log_error("%s", problems->v[i].text);
		if (problems->v[i].section == CONF_RELAY)
			s->relays_sound = false;
	}
	return 0;
}

/* What the front has no use for it does not keep in its memory. */
static void
forget_secrets(struct conf *conf)
{
	for (size_t i = 0; i < conf->nrelays; i++)
		if (conf->relays[i].password != NULL)
			explicit_bzero(conf->relays[i].password,
			    strlen(conf->relays[i].password));
}

int
site_load(struct site *s, const struct look *look, struct err *err)
{
	struct conf_problems problems = { 0 };
	int ret = -1;

	if (look->conf_file != NULL &&
	    process_absolute(look->conf_file, &s->conf_file, err) == -1)
		return -1;
	if (look->queue_dir != NULL &&
	    process_absolute(look->queue_dir, &s->queue_dir, err) == -1)
		return -1;
	if (conf_load(s->conf_file, &s->conf, &problems, err) == -1)
		goto out;
	s->loaded = true;
	forget_secrets(&s->conf);
	open_log(&s->conf);
	if (judge(s, &problems, err) == -1)
		goto out;
	if (s->queue_dir != NULL)
		conf_set_queue_dir(&s->conf, s->queue_dir);
	ret = 0;
out:
	conf_problems_free(&problems);
	return ret;
}

void
site_free(struct site *s)
{
	mem_free(s->conf_file);
	mem_free(s->queue_dir);
	if (s->loaded)
		conf_free(&s->conf);
	if (s->aliases_read)
		aliases_free(&s->aliases);
	*s = (struct site){ 0 };
}

int
site_include(const char *path, struct buf *b, void *arg, struct err *err)
{
	(void)arg;
	return file_read(path, b, err);
}

int
site_aliases(struct site *s, const struct aliases **out, struct err *err)
{
	const char *path = s->conf.aliases_file;
	struct err why = { 0 };
	struct buf b;

	if (!s->aliases_read) {
		buf_init(&b, ALIASES_FILE_MAX);
		if (file_read(path, &b, &why) == -1 && why.sys != ENOENT) {
			*err = why;
			buf_free(&b);
			return -1;
		}
		aliases_parse(&s->aliases, path, b.p, b.n);
		s->aliases.conf = &s->conf;
		buf_free(&b);
		s->aliases_read = true;
		for (size_t i = 0; i < s->aliases.nproblems; i++)
			if (!s->aliases.problems[i].warning)
				log_error("%s", s->aliases.problems[i].text);
	}
	*out = &s->aliases;
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/sendoff-deliver/setup.h"
#include "core/base/log.h"
#include "core/base/text.h"

enum {
	TRACE_LINE_MAX = 1000,		/* bytes of a line, shown */
};

/* -v: the dialogue as people know it. */
static void
trace_plain(void *arg, char who, const char *p, size_t n)
{
	struct buf b;

	(void)arg;
	buf_init(&b, TRACE_LINE_MAX + 8);
	buf_addf(&b, "%c: ", who);
	text_clean(&b, p, n, TRACE_LINE_MAX);
	buf_addc(&b, '\n');
	if (write(STDERR_FILENO, b.p, b.n) == -1) {
		/* Nobody watches; the mail goes on. */
	}
	buf_free(&b);
}

static void
trace_log(void *arg, char who, const char *p, size_t n)
{
	char shown[TRACE_LINE_MAX];

	(void)arg;
	log_debug("%c: %s", who, text_clean_to(shown, sizeof(shown), p, n));
}

/* What is wrong elsewhere in the file is not ours to judge. */
static int
judge_problems(const struct conf_problems *problems, struct err *err)
{
	size_t i;

	for (i = 0; i < problems->n; i++)
		if (problems->v[i].section == CONF_RELAY)
			return err_set(err, ERR_CONF, "4.3.5", "%s",
			    problems->v[i].text);
	return 0;
}

static int
load_conf(struct setup *s, const char *path, struct err *err)
{
	struct conf_problems problems = { 0 };
	int ret = -1;

	if (conf_load(path, &s->conf, &problems, err) == 0 &&
	    judge_problems(&problems, err) == 0)
		ret = 0;
	conf_problems_free(&problems);
	return ret;
}

int
setup_open(struct setup *s, const char *conf_path, const char *relay,
    bool verbose, struct err *err)
{
	const struct conf_relay *r;
	struct err ignored = { 0 };

	memset(s, 0, sizeof(*s));
	if (load_conf(s, conf_path, err) == -1)
		return -1;
	/* Without its log a worker still works; the runner has said so, and
	 * makes the file. */
	if (log_open("sendoff-deliver", s->conf.log_target, s->conf.log_file,
	    s->conf.log_level, &ignored) == -1)
		(void)log_open("sendoff-deliver", LOG_TO_SYSLOG, NULL,
		    s->conf.log_level, &ignored);
	r = conf_find_relay(&s->conf, relay);
	if (r == NULL || r->nhosts == 0)
		return err_set(err, ERR_CONF, "4.3.5", relay[0] != '\0' ?
		    "no such relay is configured" : "no relay is configured");
	s->smtp.relay = r;
	s->smtp.secrets = &s->secrets;
	if (verbose)
		s->smtp.trace = trace_plain;
	else if (s->conf.log_level == LOG_LEVEL_DEBUG)
		s->smtp.trace = trace_log;
	if (sasl_secrets_load(r, s->conf.path, getenv("CREDENTIALS_DIRECTORY"),
	    &s->secrets, err) == -1)
		return -1;
	if (r->tls != CONF_TLS_NONE || r->lookup == CONF_LOOKUP_SRV)
		return tls_ctx_open(r, &s->smtp.tls, err);
	return 0;
}

void
setup_close(struct setup *s)
{
	if (s->smtp.tls != NULL)
		tls_ctx_close(s->smtp.tls);
	sasl_secrets_wipe(&s->secrets);
	conf_free(&s->conf);
	log_close();
	memset(s, 0, sizeof(*s));
}

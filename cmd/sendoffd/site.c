/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/mail/addr.h"
#include "core/mail/route.h"

#include "cmd/sendoffd/site.h"

static void
make_lanes(struct site *site)
{
	const struct conf *c = &site->conf;
	size_t i;

	site->nlanes = c->nrelays + 1;
	site->lanes = mem_zero(site->nlanes * sizeof(*site->lanes));
	for (i = 0; i < site->nlanes; i++) {
		site->lanes[i].site = site;
		site->lanes[i].index = i;
		relay_init(&site->lanes[i].relay,
		    i < c->nrelays ? &c->relays[i] : NULL,
		    c->retry_min_sec, c->retry_max_sec);
	}
}

int
site_load(const char *path, const char *queue_dir, struct site **out,
    struct err *err)
{
	struct site *site = mem_zero(sizeof(*site));
	struct conf_problems problems = { 0 };
	int ret = -1;

	site->refs = 1;
	if (conf_load(path, &site->conf, &problems, err) == -1)
		goto out;
	for (size_t i = 0; i < problems.n; i++)
		log_error("%s", problems.v[i].text);
	if (problems.n > 0) {
		err_set(err, ERR_CONF, "4.3.5", "%zu error%s in the "
		    "configuration, the first: %s", problems.n,
		    problems.n == 1 ? "" : "s", problems.v[0].text);
		goto out;
	}
	if (queue_dir != NULL)
		conf_set_queue_dir(&site->conf, queue_dir);
	make_lanes(site);
	*out = site;
	ret = 0;
out:
	conf_problems_free(&problems);
	if (ret == -1)
		site_drop(site);
	return ret;
}

struct site *
site_hold(struct site *site)
{
	site->refs++;
	return site;
}

void
site_drop(struct site *site)
{
	if (site == NULL || --site->refs > 0)
		return;
	mem_free(site->lanes);
	conf_free(&site->conf);
	mem_free(site);
}

int64_t
site_changed_sec(const struct site *site, const struct conf_relay *relay)
{
	const char *const names[] = { site->conf.path, relay->password_file,
	    relay->tls_ca_file, relay->tls_cert_file, relay->tls_key_file,
	    relay->oauth_client_secret_file, relay->oauth_refresh_token_file };
	const char *slash = strrchr(site->conf.path, '/');
	struct stat st;
	int64_t sec = 0;
	int dir = AT_FDCWD;
	char *folder;

	/* a relative name means: beside the configuration */
	if (slash != NULL) {
		folder = mem_str(site->conf.path);
		folder[slash - site->conf.path + 1] = '\0';
		dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		mem_free(folder);
	}
	for (size_t i = 0; i < NELEM(names); i++)
		if (names[i] != NULL &&
		    fstatat(dir, names[i], &st, 0) == 0 && st.st_mtime > sec)
			sec = st.st_mtime;
	if (dir >= 0)
		(void)close(dir);
	return sec;
}

int
site_open_log(const struct site *site, bool verbose, struct err *err)
{
	const struct conf *c = &site->conf;

	if (verbose)
		return log_open("sendoffd", LOG_TO_STDERR, NULL,
		    LOG_LEVEL_DEBUG, err);
	if (c->log_target == LOG_TO_FILE &&
	    log_make_file(c->log_file, err) == -1)
		return -1;
	return log_open("sendoffd", c->log_target, c->log_file, c->log_level,
	    err);
}

struct lane *
site_lane(struct site *site, const struct envelope *env, size_t i)
{
	ssize_t relay = route_relay(&site->conf, envelope_sender(env, i),
	    env->rcpts[i].addr);

	return &site->lanes[relay != -1 ? (size_t)relay : site->nlanes - 1];
}

bool
site_is_report(const struct site *site, const struct envelope *env)
{
	return env->sender[0] == '\0' || (env->flags & ENVELOPE_REPORT) != 0 ||
	    (site->conf.bounce_sender != NULL &&
	    site->conf.bounce_sender[0] != '\0' &&
	    addr_eq(env->sender, site->conf.bounce_sender));
}

struct schedule_conf
site_schedule(const struct site *site, const struct envelope *env)
{
	const struct conf *c = &site->conf;

	return (struct schedule_conf){
		.retry_min_sec = c->retry_min_sec,
		.retry_max_sec = c->retry_max_sec,
		.lifetime_sec = env->sender[0] == '\0' ?
		    c->bounce_lifetime_sec : c->lifetime_sec,
		.warn_after_sec = c->warn_after_sec,
	};
}

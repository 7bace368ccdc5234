/* SPDX-License-Identifier: ISC */
/*
 * sendoff-token - gets a relay's OAuth 2.0 access token, for the worker that
 * started it; with --login a refresh token, for an administrator.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendoff-token/cache.h"
#include "cmd/sendoff-token/device.h"
#include "core/base/mem.h"
#include "core/smtp/secret.h"

enum {
	URL_MAX = 2048,
};

struct options {
	const char	*conf_path;	/* NULL: the default */
	const char	*relay;		/* "" is the unnamed one */
	const char	*credentials_dir, *device_url;
	bool		 fresh, login;
};

enum { OPT_CREDENTIALS = 256, OPT_DEVICE_URL, OPT_FRESH, OPT_LOGIN };

static bool
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "credentials", required_argument, NULL, OPT_CREDENTIALS },
		{ "device-url", required_argument, NULL, OPT_DEVICE_URL },
		{ "fresh", no_argument, NULL, OPT_FRESH },
		{ "login", no_argument, NULL, OPT_LOGIN },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "C:", longs, NULL)) != -1) {
		switch (c) {
		case 'C':
			o->conf_path = optarg;
			break;
		case OPT_CREDENTIALS:
			o->credentials_dir = optarg;
			break;
		case OPT_DEVICE_URL:
			o->device_url = optarg;
			break;
		case OPT_FRESH:
			o->fresh = true;
			break;
		case OPT_LOGIN:
			o->login = true;
			break;
		default:
			return false;
		}
	}
	if (optind < argc)
		o->relay = argv[optind++];
	return optind == argc;
}

/* The token, cached or new, on standard output. */
static int
give_token(const struct conf *conf, const struct options *opt,
    const struct oauth *o, struct err *err)
{
	struct cache cache;
	struct oauth_token t;
	int ret = 0;

	oauth_token_init(&t);
	cache_open(&cache, conf->queue_dir, opt->relay);
	cache_load(&cache, o, &t);
	if (opt->fresh || t.access.n == 0) {
		ret = oauth_fetch(o, &t, err);
		if (ret == 0 && !cache_store(&cache, o, &t) &&
		    t.refresh.n != o->refresh.n)
			(void)fprintf(stderr, "sendoff-token: a new refresh "
			    "token could not be kept in %s\n",
			    conf->queue_dir);
	}
	cache_close(&cache);
	if (ret == 0)
		(void)printf("token %s\n", buf_str(&t.access));
	oauth_token_wipe(&t);
	return ret;
}

/* As root for whom the queue belongs to: the runner has to read it. */
static uid_t
owner_of(const char *queue_dir)
{
	struct stat st;

	return geteuid() == 0 && stat(queue_dir, &st) == 0 ? st.st_uid :
	    geteuid();
}

static int
log_in(const struct conf *conf, const struct options *opt,
    const struct oauth *o, struct err *err)
{
	struct oauth_token t;
	struct buf url, temp, text;
	int ret = -1;

	if (o->refresh_path == NULL)
		return err_set(err, ERR_CONF, "4.7.0", "there is no "
		    "oauth_refresh_token_file to write to");
	oauth_token_init(&t);
	buf_init(&url, URL_MAX);
	buf_init(&temp, URL_MAX);
	buf_init(&text, SECRET_MAX + 1);
	buf_reserve(&text, SECRET_MAX + 1);
	if (device_find_url(o, opt->device_url, &url, err) == -1 ||
	    device_login(o, buf_str(&url), &t, err) == -1)
		goto out;
	buf_addf(&temp, "%s.new", o->refresh_path);
	buf_add(&text, t.refresh.p, t.refresh.n);
	buf_addc(&text, '\n');
	if (cache_write_file(o->refresh_path, buf_str(&temp),
	    owner_of(conf->queue_dir), &text, err) == -1)
		goto out;
	(void)printf("Done: the refresh token is in %s\n", o->refresh_path);
	ret = 0;
out:
	oauth_token_wipe(&t);
	buf_free(&url);
	buf_free(&temp);
	buf_wipe(&text);
	return ret;
}

static int
serve(const struct options *opt, struct err *err)
{
	struct conf_problems problems = { 0 };
	const struct conf_relay *relay;
	struct oauth o = { .relay = NULL };
	struct conf conf = { 0 };
	int ret = -1;

	if (conf_load(opt->conf_path, &conf, &problems, err) == -1)
		return -1;
	relay = conf_find_relay(&conf, opt->relay);
	if (relay == NULL)
		err_set(err, ERR_CONF, "4.7.0", "no such relay is "
		    "configured");
	else if (oauth_open(relay, conf.path, opt->credentials_dir,
	    !opt->login, &o, err) == 0)
		ret = (opt->login ? log_in : give_token)(&conf, opt, &o, err);
	oauth_close(&o);
	conf_problems_free(&problems);
	conf_free(&conf);
	return ret;
}

int
main(int argc, char **argv)
{
	const struct rlimit none = { 0, 0 };
	struct options o = { .relay = "" };
	struct err err = { 0 };
	int status = EX_OK;

	if (!read_options(argc, argv, &o)) {
		(void)fputs("usage: sendoff-token [-C file] [--fresh | "
		    "--login [--device-url url]] [name]\n", stderr);
		return EX_USAGE;
	}
	/* Secrets will be in memory. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)umask(077);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return EX_SOFTWARE;
	if (serve(&o, &err) == -1) {
		(void)fprintf(o.login ? stderr : stdout, "%s%s\n",
		    o.login ? "sendoff-token: " : "error ", err.text);
		status = err_exit_status(&err);
	}
	curl_global_cleanup();
	return status;
}

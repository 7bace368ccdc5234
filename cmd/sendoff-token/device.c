/* SPDX-License-Identifier: ISC */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cmd/sendoff-token/device.h"
#include "cmd/sendoff-token/json.h"
#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/smtp/secret.h"

enum {
	URL_MAX = 2048,
	TEXT_MAX = 512,			/* of what is shown */
	INTERVAL_SEC = 5,		/* RFC 8628 3.2 */
	SLOWER_SEC = 5,			/* RFC 8628 3.5 */
	LIFE_SEC = 900,
	CODE_MAX = 64,
};

static bool
ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && strcmp(s + n - m, tail) == 0;
}

/* The two big providers have it beside the token's. */
static bool
guess_url(const char *token_url, struct buf *url)
{
	static const struct { const char *from, *to; } shapes[] = {
		{ "/oauth2/v2.0/token", "/oauth2/v2.0/devicecode" },
		{ "//oauth2.googleapis.com/token",
		    "//oauth2.googleapis.com/device/code" },
		{ "/protocol/openid-connect/token",
		    "/protocol/openid-connect/auth/device" },
	};
	size_t i;

	for (i = 0; i < NELEM(shapes); i++) {
		if (!ends_with(token_url, shapes[i].from))
			continue;
		buf_add(url, token_url, strlen(token_url) -
		    strlen(shapes[i].from));
		buf_adds(url, shapes[i].to);
		return true;
	}
	return false;
}

int
device_find_url(const struct oauth *o, const char *given, struct buf *url,
    struct err *err)
{
	static const char *const places[] = {
		"/.well-known/oauth-authorization-server",
		"/.well-known/openid-configuration" };
	const char *token_url = o->relay->oauth_token_url, *host;
	struct buf at, body;
	long status;
	size_t i;
	bool found;

	if (given != NULL) {
		buf_adds(url, given);
		return 0;
	}
	found = guess_url(token_url, url);
	host = strstr(token_url, "://");
	host = host != NULL ? host + 3 : token_url;
	for (i = 0; i < NELEM(places) && !found; i++) {
		buf_init(&at, URL_MAX);
		http_body_init(&body);
		buf_add(&at, token_url, (size_t)(host - token_url) +
		    strcspn(host, "/"));
		buf_adds(&at, places[i]);
		status = 0;
		found = http_ask(&o->server, buf_str(&at), NULL, &status,
		    &body, err) == 0 && status == 200 &&
		    json_string(body.p, body.n,
		    "device_authorization_endpoint", url);
		buf_free(&at);
		buf_free(&body);
	}
	if (!found || url->over)
		return err_set(err, ERR_CONF, "4.7.0", "the server does not "
		    "say where its device grant is: name it with "
		    "--device-url");
	return 0;
}

struct offer {
	struct buf	device_code;	/* secret */
	char		user_code[TEXT_MAX], url[TEXT_MAX], whole[TEXT_MAX];
	int64_t		interval_sec, life_sec;
};

static void
take_text(const struct buf *body, const char *name, char out[TEXT_MAX])
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	if (json_string(body->p, body->n, name, &b))
		(void)text_clean_to(out, TEXT_MAX, buf_str(&b), b.n);
	buf_free(&b);
}

static int
take_offer(const struct buf *body, struct offer *f, struct err *err)
{
	take_text(body, "user_code", f->user_code);
	take_text(body, "verification_uri", f->url);
	if (f->url[0] == '\0')		/* before the RFC, and still */
		take_text(body, "verification_url", f->url);
	take_text(body, "verification_uri_complete", f->whole);
	f->interval_sec = INTERVAL_SEC;
	f->life_sec = LIFE_SEC;
	(void)json_int(body->p, body->n, "interval", &f->interval_sec);
	(void)json_int(body->p, body->n, "expires_in", &f->life_sec);
	if (f->interval_sec < 1 || f->interval_sec > 600)
		f->interval_sec = f->interval_sec < 1 ? 1 : 600;
	if (f->life_sec < 1 || f->life_sec > 86400)
		f->life_sec = LIFE_SEC;
	if (!json_string(body->p, body->n, "device_code", &f->device_code) ||
	    f->user_code[0] == '\0' || f->url[0] == '\0')
		return err_set(err, ERR_TEMP, "4.7.0", "the server's answer "
		    "has no device_code, user_code and verification_uri");
	return 0;
}

static int
begin(const struct oauth *o, const char *url, struct offer *f,
    struct err *err)
{
	const char *scope = o->relay->oauth_scope;
	char code[CODE_MAX];
	struct buf form, body;
	long status = 0;
	int ret;

	http_form_init(&form);
	http_body_init(&body);
	oauth_add_client(o, &form);
	if (scope != NULL)
		http_form_add(&form, "scope", scope, strlen(scope));
	ret = http_ask(&o->server, url, &form, &status, &body, err);
	if (ret == 0)
		ret = status == 200 ? take_offer(&body, f, err) :
		    oauth_refused(status, &body, code, sizeof(code), err);
	buf_wipe(&form);
	buf_wipe(&body);
	return ret;
}

/* One look whether it has been allowed: 1 it has, 0 not yet. */
static int
look(const struct oauth *o, struct offer *f, struct oauth_token *t,
    struct err *err)
{
	static const char grant[] =
	    "urn:ietf:params:oauth:grant-type:device_code";
	char code[CODE_MAX];
	struct buf form, body;
	long status = 0;
	int ret;

	http_form_init(&form);
	http_body_init(&body);
	http_form_add(&form, "grant_type", grant, sizeof(grant) - 1);
	http_form_add(&form, "device_code", f->device_code.p,
	    f->device_code.n);
	oauth_add_client(o, &form);
	ret = http_ask(&o->server, o->relay->oauth_token_url, &form, &status,
	    &body, err);
	if (ret == -1) {
		/* RFC 8628 3.5: a time-out asks for patience too. */
		f->interval_sec += SLOWER_SEC;
		ret = 0;
	} else if (status == 200) {
		ret = oauth_take(&body, t, err) == 0 ? 1 : -1;
	} else {
		ret = oauth_refused(status, &body, code, sizeof(code), err);
		if (strcmp(code, "authorization_pending") == 0)
			ret = 0;
		if (strcmp(code, "slow_down") == 0) {
			f->interval_sec += SLOWER_SEC;
			ret = 0;
		}
	}
	buf_wipe(&form);
	buf_wipe(&body);
	return ret;
}

static void
tell(const struct offer *f)
{
	(void)printf("Open this page in any browser:\n\n    %s\n\n"
	    "and enter this code there:\n\n    %s\n\n", f->url,
	    f->user_code);
	if (f->whole[0] != '\0')
		(void)printf("or open it with the code:\n\n    %s\n\n",
		    f->whole);
	(void)printf("Waiting for up to %lld minutes ...\n",
	    (long long)(f->life_sec + 59) / 60);
	(void)fflush(stdout);
}

int
device_login(const struct oauth *o, const char *url, struct oauth_token *t,
    struct err *err)
{
	struct offer f = { .life_sec = 0 };
	int64_t until_ms;
	int r = 0, ret = -1;

	secret_init(&f.device_code);
	if (begin(o, url, &f, err) == -1)
		goto out;
	tell(&f);
	until_ms = clock_tick_ms() + f.life_sec * 1000;
	while (r == 0) {
		if (clock_tick_ms() + f.interval_sec * 1000 > until_ms) {
			err_set(err, ERR_DENIED, "4.7.8", "nobody has "
			    "allowed it in time");
			goto out;
		}
		(void)poll(NULL, 0, (int)(f.interval_sec * 1000));
		r = look(o, &f, t, err);
	}
	if (r == -1)
		goto out;
	if (t->refresh.n == 0) {
		err_set(err, ERR_DENIED, "4.7.8", "the server gave no refresh "
		    "token: oauth_scope may have to name offline access "
		    "(offline_access)");
		goto out;
	}
	ret = 0;
out:
	buf_wipe(&f.device_code);
	return ret;
}

/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "cmd/sendoff-token/json.h"
#include "cmd/sendoff-token/oauth.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/secret.h"

enum {
	EXPIRES_UNKNOWN_SEC = 300,	/* a server that does not say */
	EXPIRES_MAX_SEC = 7 * 86400,
	CODE_MAX = 64,
};

static int
read_secret(const char *key, const char *path, int flags, struct buf *out,
    struct err *err)
{
	if (secret_read(path, flags, out, err) == -1)
		return err_ctx(err, "%s", key);
	if (!secret_first_line(out))
		return err_set(err, ERR_TEMP, "4.7.0", "%s: %s has an empty "
		    "first line, or a NUL in it", key, path);
	return 0;
}

int
oauth_open(const struct conf_relay *r, const char *conf_path,
    const char *credentials_dir, bool with_refresh, struct oauth *o,
    struct err *err)
{
	int64_t time = r->command_timeout_sec;
	char *path = NULL;
	int flags, ret = -1;

	memset(o, 0, sizeof(*o));
	secret_init(&o->secret);
	secret_init(&o->refresh);
	o->relay = r;
	o->server.ca_file = r->tls_ca_file;
	o->server.connect_timeout_sec = r->connect_timeout_sec;
	/* Whoever started us ends us after the whole of it. */
	o->server.timeout_sec = time > 4 ? time - 2 : time;
	if (r->oauth_token_url == NULL || r->oauth_client_id == NULL)
		return err_set(err, ERR_CONF, "4.7.0", "oauth_token_url and "
		    "oauth_client_id are not configured");
	if (r->oauth_client_secret_file != NULL) {
		path = secret_locate(r->oauth_client_secret_file, conf_path,
		    credentials_dir, &flags);
		if (read_secret("oauth_client_secret_file", path, flags,
		    &o->secret, err) == -1)
			goto out;
	}
	if (r->oauth_refresh_token_file != NULL) {
		o->refresh_path = secret_locate(r->oauth_refresh_token_file,
		    conf_path, credentials_dir, &flags);
		if (with_refresh && r->oauth_grant == CONF_GRANT_REFRESH &&
		    read_secret("oauth_refresh_token_file", o->refresh_path,
		    flags, &o->refresh, err) == -1)
			goto out;
	}
	ret = 0;
out:
	mem_free(path);
	return ret;
}

void
oauth_close(struct oauth *o)
{
	buf_wipe(&o->secret);
	buf_wipe(&o->refresh);
	mem_free(o->refresh_path);
	memset(o, 0, sizeof(*o));
}

void
oauth_token_init(struct oauth_token *t)
{
	secret_init(&t->access);
	secret_init(&t->refresh);
	t->expires_sec = 0;
}

void
oauth_token_wipe(struct oauth_token *t)
{
	buf_wipe(&t->access);
	buf_wipe(&t->refresh);
}

void
oauth_add_client(const struct oauth *o, struct buf *form)
{
	http_form_add(form, "client_id", o->relay->oauth_client_id,
	    strlen(o->relay->oauth_client_id));
	if (o->secret.n > 0)
		http_form_add(form, "client_secret", o->secret.p,
		    o->secret.n);
}

/* RFC 6749 A.12, A.17: visible characters; and no blank, which would end it
 * in every place that it is going to. */
static bool
is_token(const struct buf *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (!text_is_print(b->p[i]) || b->p[i] == ' ')
			return false;
	return b->n > 0 && !b->over;
}

int
oauth_take(const struct buf *body, struct oauth_token *t, struct err *err)
{
	struct buf kind, refresh;
	int64_t life = EXPIRES_UNKNOWN_SEC;
	int ret = -1;

	buf_init(&kind, 100);
	secret_init(&refresh);
	buf_reset(&t->access);
	if (!json_string(body->p, body->n, "access_token", &t->access) ||
	    !is_token(&t->access)) {
		err_set(err, ERR_TEMP, "4.7.0", "the token server's answer "
		    "has no access_token that can be used");
		goto out;
	}
	if (json_string(body->p, body->n, "token_type", &kind) &&
	    !text_str_case_eq(buf_str(&kind), "bearer")) {
		err_set(err, ERR_TEMP, "4.7.0", "the token server's token is "
		    "not of the type \"bearer\"");
		goto out;
	}
	(void)json_int(body->p, body->n, "expires_in", &life);
	if (life < 0)
		life = 0;
	if (life > EXPIRES_MAX_SEC)
		life = EXPIRES_MAX_SEC;
	t->expires_sec = clock_wall_sec() + life;
	if (json_string(body->p, body->n, "refresh_token", &refresh) &&
	    is_token(&refresh)) {
		buf_reset(&t->refresh);
		buf_add(&t->refresh, refresh.p, refresh.n);
	}
	ret = 0;
out:
	buf_free(&kind);
	buf_wipe(&refresh);
	return ret;
}

int
oauth_refused(long status, const struct buf *body, char *code, size_t size,
    struct err *err)
{
	char shown[160];
	struct buf b;

	buf_init(&b, 4096);
	(void)json_string(body->p, body->n, "error", &b);
	(void)text_clean_to(code, size, buf_str(&b), b.n);
	buf_reset(&b);
	(void)json_string(body->p, body->n, "error_description", &b);
	(void)text_clean_to(shown, sizeof(shown), buf_str(&b), b.n);
	buf_free(&b);
	if (code[0] == '\0')
		return err_set(err, ERR_TEMP, "4.7.0", "the token server "
		    "answers %ld", status);
	return err_set(err, status == 429 || status >= 500 ? ERR_TEMP :
	    ERR_DENIED, "4.7.8", "the token server says %s%s%s", code,
	    shown[0] != '\0' ? ": " : "", shown);
}

int
oauth_fetch(const struct oauth *o, struct oauth_token *t, struct err *err)
{
	bool refresh = o->relay->oauth_grant == CONF_GRANT_REFRESH;
	const char *grant = refresh ? "refresh_token" : "client_credentials";
	const char *scope = o->relay->oauth_scope;
	char code[CODE_MAX];
	struct buf form, body;
	long status = 0;
	int ret;

	http_form_init(&form);
	http_body_init(&body);
	http_form_add(&form, "grant_type", grant, strlen(grant));
	oauth_add_client(o, &form);
	if (refresh)
		http_form_add(&form, "refresh_token", t->refresh.p,
		    t->refresh.n);
	if (scope != NULL)
		http_form_add(&form, "scope", scope, strlen(scope));
	ret = http_ask(&o->server, o->relay->oauth_token_url, &form, &status,
	    &body, err);
	if (ret == 0 && status != 200) {
		ret = oauth_refused(status, &body, code, sizeof(code), err);
		if (strcmp(code, "invalid_grant") == 0)
			(void)snprintf(err->text + strlen(err->text),
			    sizeof(err->text) - strlen(err->text),
			    "; run sendoff login");
	} else if (ret == 0) {
		ret = oauth_take(&body, t, err);
	}
	buf_wipe(&form);
	buf_wipe(&body);
	return ret;
}

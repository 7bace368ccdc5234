/* SPDX-License-Identifier: ISC */
/*
 * The secret that a relay's configuration names, from where it says.
 */
#include "core/base/mem.h"
#include "core/smtp/sasl_fetch.h"
#include "core/smtp/sasl_impl.h"
#include "core/smtp/secret.h"

static int
read_file(const char *key, const char *name, const char *conf_path,
    const char *credentials_dir, struct buf *out, struct err *err)
{
	int flags, ret;
	char *path = secret_locate(name, conf_path, credentials_dir, &flags);

	ret = secret_read(path, flags, out, err);
	if (ret == 0 && !secret_first_line(out))
		ret = err_set(err, ERR_TEMP, "4.7.0", "%s has an empty first "
		    "line, or a NUL in it", path);
	mem_free(path);
	return ret == 0 ? 0 : err_ctx(err, "%s", key);
}

static int
load_password(const struct conf_relay *r, const char *conf_path,
    const char *credentials_dir, struct buf *out, struct err *err)
{
	if (r->password_file != NULL)
		return read_file("password_file", r->password_file, conf_path,
		    credentials_dir, out, err);
	if (r->password_command != NULL)
		return sasl_read_command("password_command",
		    r->password_command, r->command_timeout_sec, out, err);
	if (r->password != NULL)
		buf_adds(out, r->password);
	return 0;
}

int
sasl_secrets_load(const struct conf_relay *r, const char *conf_path,
    const char *credentials_dir, struct sasl_secrets *out, struct err *err)
{
	struct sasl_secrets x = { 0 };

	secret_init(&x.password);
	secret_init(&x.token);
	x.user = mem_str(r->user);
	x.client_cert = r->tls_cert_file != NULL;
	/* The fetcher first: it shall know nothing else. */
	if (sasl_fetcher_open(r, conf_path, credentials_dir, &x.fetcher,
	    err) == -1 ||
	    load_password(r, conf_path, credentials_dir, &x.password,
	    err) == -1)
		goto fail;
	if (x.fetcher != NULL &&
	    sasl_fetcher_ask(x.fetcher, false, &x.token, err) == -1)
		goto fail;
	*out = x;
	return 0;
fail:
	sasl_secrets_wipe(&x);
	return -1;
}

int
sasl_secrets_refresh(const struct conf_relay *r, struct sasl_secrets *x,
    struct err *err)
{
	struct buf token;

	(void)r;
	if (x->fetcher == NULL)
		return err_set(err, ERR_TEMP, "4.7.8", "the token was "
		    "refused, and nothing fetches another");
	secret_init(&token);
	if (sasl_fetcher_ask(x->fetcher, true, &token, err) == -1) {
		buf_wipe(&token);
		return -1;
	}
	buf_wipe(&x->token);
	x->token = token;
	return 0;
}

void
sasl_secrets_wipe(struct sasl_secrets *x)
{
	sasl_fetcher_close(x->fetcher);
	x->fetcher = NULL;
	mem_free(x->user);
	x->user = NULL;
	buf_wipe(&x->password);
	buf_wipe(&x->token);
}

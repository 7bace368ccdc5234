/* SPDX-License-Identifier: ISC */
/*
 * The secret that a relay's configuration names, from where it says.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/run.h"
#include "core/smtp/sasl_impl.h"
#include "core/smtp/secret.h"

/* Where a named file lies: a relative one among the service manager's
 * credentials, else beside the configuration. Allocated. */
static char *
locate(const char *name, const char *conf_dir, const char *credentials_dir,
    int *flags)
{
	char *path = NULL;

	*flags = 0;
	if (name[0] == '/')
		return mem_str(name);
	if (credentials_dir != NULL && credentials_dir[0] == '/') {
		if (asprintf(&path, "%s/%s", credentials_dir, name) == -1)
			mem_fail();
		if (access(path, F_OK) == 0) {
			*flags = SECRET_ROOT_GROUP;
			return path;
		}
		mem_free(path);
	}
	if (asprintf(&path, "%s/%s", conf_dir != NULL ? conf_dir : "", name)
	    == -1)
		mem_fail();
	return path;
}

static int
read_file(const char *key, const char *name, const char *conf_dir,
    const char *credentials_dir, struct buf *out, struct err *err)
{
	int flags, ret;
	char *path = locate(name, conf_dir, credentials_dir, &flags);

	ret = secret_read(path, flags, out, err);
	if (ret == 0 && !secret_first_line(out))
		ret = err_set(err, ERR_TEMP, "4.7.0", "%s has an empty first "
		    "line, or a NUL in it", path);
	mem_free(path);
	return ret == 0 ? 0 : err_ctx(err, "%s", key);
}

static int
read_command(const char *key, const char *command, int64_t timeout_sec,
    struct buf *out, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };

	if (run_output(argv, timeout_sec * 1000, out, err) == -1)
		return err_ctx(err, "%s", key);
	if (!secret_first_line(out))
		return err_set(err, ERR_TEMP, "4.7.0", "%s: it printed an "
		    "empty first line, or a NUL", key);
	return 0;
}

static int
load_password(const struct conf_relay *r, const char *conf_dir,
    const char *credentials_dir, struct buf *out, struct err *err)
{
	if (r->password_file != NULL)
		return read_file("password_file", r->password_file, conf_dir,
		    credentials_dir, out, err);
	if (r->password_command != NULL)
		return read_command("password_command", r->password_command,
		    r->command_timeout_sec, out, err);
	if (r->password != NULL)
		buf_adds(out, r->password);
	return 0;
}

int
sasl_secrets_load(const struct conf_relay *r, const char *conf_dir,
    const char *credentials_dir, struct sasl_secrets *out, struct err *err)
{
	struct sasl_secrets x = { 0 };

	secret_init(&x.password);
	secret_init(&x.token);
	x.user = mem_str(r->user);
	x.client_cert = r->tls_cert_file != NULL;
	if (load_password(r, conf_dir, credentials_dir, &x.password,
	    err) == -1)
		goto fail;
	if (r->token_command != NULL && read_command("token_command",
	    r->token_command, r->command_timeout_sec, &x.token, err) == -1)
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

	if (r->token_command == NULL)
		return err_set(err, ERR_TEMP, "4.7.8", "the token was "
		    "refused, and there is no token_command");
	secret_init(&token);
	if (read_command("token_command", r->token_command,
	    r->command_timeout_sec, &token, err) == -1) {
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
	mem_free(x->user);
	x->user = NULL;
	buf_wipe(&x->password);
	buf_wipe(&x->token);
}

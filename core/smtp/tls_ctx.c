/* SPDX-License-Identifier: ISC */
/*
 * The context: what the relay's configuration says, read once. Then the
 * session that a later connection of the same relay may resume.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/secret.h"
#include "core/smtp/tls_impl.h"

enum {
	CHAIN_DEPTH_MAX = 10,		/* certificates above the leaf */
	CHAIN_BYTES_MAX = 100 * 1024,	/* of all that the server sends */
	SECURITY_LEVEL = 2,		/* 112 bits: RFC 9325 4.1, 4.3 */
};

/* A directory of hash links is read only as far as it is needed: 0 ms where
 * the bundle of all authorities takes 15 to 40. */
static bool
is_hashed(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e = NULL;
	bool found = false;
	size_t i;

	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		for (i = 0; i < 8 && text_is_hex(e->d_name[i]); i++)
			;
		found = i == 8 && e->d_name[8] == '.' &&
		    text_is_digit(e->d_name[9]);
	}
	if (d != NULL)
		(void)closedir(d);
	return found;
}

static bool
load_system_store(SSL_CTX *ssl)
{
	const char *const dirs[] = { "/etc/ssl/certs",
	    X509_get_default_cert_dir() };
	const char *const files[] = { X509_get_default_cert_file(),
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem" };
	size_t i;

	for (i = 0; i < NELEM(dirs); i++)
		if (is_hashed(dirs[i]) &&
		    SSL_CTX_load_verify_dir(ssl, dirs[i]) == 1)
			return true;
	for (i = 0; i < NELEM(files); i++)
		if (access(files[i], R_OK) == 0 &&
		    SSL_CTX_load_verify_file(ssl, files[i]) == 1)
			return true;
	return false;
}

/* The library's last error on reading a file, in words. */
static int
fail_file(const char *key, const char *path, struct err *err)
{
	const char *s = ERR_reason_error_string(ERR_peek_last_error());

	if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_SYS)
		s = strerror(ERR_GET_REASON(ERR_peek_last_error()));
	err_set(err, ERR_TEMP, "4.7.5", "%s %s: %s", key, path,
	    s != NULL ? s : "no certificate in it");
	ERR_clear_error();
	return -1;
}

static int
load_store(struct tls_ctx *ctx, const char *ca_file, struct err *err)
{
	if (ca_file == NULL) {
		ctx->has_store = load_system_store(ctx->ssl);
		ERR_clear_error();
		return 0;
	}
	ctx->has_store = true;
	if (access(ca_file, R_OK) == -1) {
		(void)err_sys(err, "tls_ca_file %s", ca_file);
		(void)snprintf(err->dsn, sizeof(err->dsn), "4.7.5");
		return -1;
	}
	ERR_clear_error();
	if (SSL_CTX_load_verify_file(ctx->ssl, ca_file) != 1)
		return fail_file("tls_ca_file", ca_file, err);
	return 0;
}

/* Without this the library would ask the terminal. */
static int
no_pass_phrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int
load_key(SSL_CTX *ssl, const char *path, struct err *err)
{
	struct buf pem;
	BIO *bio = NULL;
	EVP_PKEY *key = NULL;
	int ret = -1;

	secret_init(&pem);
	if (secret_read(path, SECRET_FOLLOW, &pem, err) == -1) {
		err_ctx(err, "tls_key_file");
		goto out;
	}
	bio = BIO_new_mem_buf(buf_str(&pem), (int)pem.n);
	ERR_clear_error();
	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
	if (key == NULL) {
		err_set(err, ERR_TEMP, "4.7.5", "tls_key_file %s: no private "
		    "key that can be read without a pass phrase", path);
		goto out;
	}
	if (SSL_CTX_use_PrivateKey(ssl, key) != 1 ||
	    SSL_CTX_check_private_key(ssl) != 1) {
		err_set(err, ERR_TEMP, "4.7.5", "tls_key_file %s: the key is "
		    "not that of the certificate in tls_cert_file", path);
		goto out;
	}
	ret = 0;
out:
	ERR_clear_error();
	EVP_PKEY_free(key);
	BIO_free(bio);
	buf_wipe(&pem);
	return ret;
}

static int
load_client(SSL_CTX *ssl, const struct conf_relay *relay, struct err *err)
{
	if (relay->tls_cert_file == NULL)
		return 0;
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ssl, relay->tls_cert_file) != 1)
		return fail_file("tls_cert_file", relay->tls_cert_file, err);
	return load_key(ssl, relay->tls_key_file != NULL ?
	    relay->tls_key_file : relay->tls_cert_file, err);
}

/*
 * Sessions are kept in memory, one for each context, and only those whose
 * certificate was found good; a session carries no name, so the key does.
 */
static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_conn *c = SSL_get_app_data(ssl);

	if (c->verdict != X509_V_OK || c->dane)
		return 0;
	SSL_SESSION_free(c->ctx->session);
	mem_free(c->ctx->session_key);
	c->ctx->session = session;
	c->ctx->session_key = mem_str(c->key);
	return 1;
}

static void
count_late(int writing, int version, int type, const void *p, size_t n,
    SSL *ssl, void *arg)
{
	struct tls_conn *c = SSL_get_app_data(ssl);

	(void)version;
	(void)p;
	(void)n;
	(void)arg;
	if (!writing && type == SSL3_RT_HANDSHAKE && c->ready)
		c->late++;
}

static void
set_policy(struct tls_ctx *ctx, int tls_min)
{
	SSL_CTX *ssl = ctx->ssl;

	(void)SSL_CTX_set_min_proto_version(ssl,
	    tls_min >= 13 ? TLS1_3_VERSION : TLS1_2_VERSION);
	if (SSL_CTX_get_security_level(ssl) < SECURITY_LEVEL)
		SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
	(void)SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION);
	(void)SSL_CTX_clear_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* Each record is a turn of our loop, which looks at the deadline. */
	(void)SSL_CTX_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_verify_depth(ssl, CHAIN_DEPTH_MAX);
	SSL_CTX_set_max_cert_list(ssl, CHAIN_BYTES_MAX);
	SSL_CTX_set_cert_verify_callback(ssl, tls_verify_judge, NULL);
	SSL_CTX_set_default_passwd_cb(ssl, no_pass_phrase);
	SSL_CTX_set_msg_callback(ssl, count_late);
	(void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ssl, keep_session);
	if (ctx->verify == CONF_VERIFY_DANE)
		(void)SSL_CTX_dane_enable(ssl);
}

int
tls_ctx_open(const struct conf_relay *relay, struct tls_ctx **out,
    struct err *err)
{
	struct tls_ctx *ctx = mem_zero(sizeof(*ctx));

	/* Neither openssl.cnf nor OPENSSL_CONF, nor (3.5) a key log. */
	(void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	(void)unsetenv("SSLKEYLOGFILE");
	ctx->verify = relay->tls_verify;
	ctx->ssl = SSL_CTX_new(TLS_client_method());
	if (ctx->ssl == NULL) {
		err_set(err, ERR_TEMP, "4.7.0", "the TLS library does not "
		    "start");
		goto fail;
	}
	set_policy(ctx, relay->tls_min);
	if (tls_pins_parse(ctx, &relay->tls_fingerprint, err) == -1 ||
	    load_store(ctx, relay->tls_ca_file, err) == -1 ||
	    load_client(ctx->ssl, relay, err) == -1)
		goto fail;
	*out = ctx;
	return 0;
fail:
	tls_ctx_close(ctx);
	return -1;
}

void
tls_ctx_close(struct tls_ctx *ctx)
{
	if (ctx == NULL)
		return;
	SSL_SESSION_free(ctx->session);
	mem_free(ctx->session_key);
	SSL_CTX_free(ctx->ssl);
	mem_free(ctx->pins);
	mem_free(ctx);
}

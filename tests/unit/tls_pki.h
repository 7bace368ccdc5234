/* SPDX-License-Identifier: ISC */
/*
 * tls_pki - certificates of every kind, made on the spot, and a TLS server.
 * For the tests that need a peer; header only.
 */
#ifndef TESTS_UNIT_TLS_PKI_H
#define TESTS_UNIT_TLS_PKI_H

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct pki_cert {
	X509		*x;
	EVP_PKEY	*key;
};

struct pki_spec {
	const char	*cn;
	const char	*san;		/* "DNS:a,IP:1.2.3.4"; NULL: none */
	long		 from_sec, to_sec;	/* from now; 0, 0: usual */
	bool		 ca;
	bool		 rsa1024;
	const char	*eku;		/* NULL: serverAuth */
};

static inline void
pki_ext(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* issuer NULL: signed by itself */
static inline struct pki_cert
pki_make(struct pki_spec s, const struct pki_cert *issuer)
{
	static long serial = 1000;
	struct pki_cert c;
	X509_NAME *name;

	c.key = s.rsa1024 ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");
	c.x = X509_new();
	assert_true(c.key != NULL && c.x != NULL);
	X509_set_version(c.x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(c.x),
	    s.from_sec != 0 ? s.from_sec : -3600);
	X509_gmtime_adj(X509_getm_notAfter(c.x),
	    s.to_sec != 0 ? s.to_sec : 86400);
	X509_set_pubkey(c.x, c.key);
	name = X509_get_subject_name(c.x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)s.cn, -1, -1, 0);
	X509_set_issuer_name(c.x, issuer != NULL ?
	    X509_get_subject_name(issuer->x) : name);
	pki_ext(c.x, issuer != NULL ? issuer->x : c.x, NID_basic_constraints,
	    s.ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (!s.ca)
		pki_ext(c.x, c.x, NID_ext_key_usage,
		    s.eku != NULL ? s.eku : "serverAuth");
	if (s.san != NULL)
		pki_ext(c.x, c.x, NID_subject_alt_name, s.san);
	assert_true(X509_sign(c.x, issuer != NULL ? issuer->key : c.key,
	    EVP_sha256()) > 0);
	return c;
}

static inline void
pki_free(struct pki_cert *c)
{
	X509_free(c->x);
	EVP_PKEY_free(c->key);
	memset(c, 0, sizeof(*c));
}

/* Writes PEM into dir/name; key NULL: none of it. Returns an owned path. */
static inline char *
pki_write(const char *dir, const char *name, X509 *x, EVP_PKEY *key)
{
	char *path = NULL;
	FILE *f;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	f = fopen(path, "w");
	assert_non_null(f);
	if (x != NULL)
		PEM_write_X509(f, x);
	if (key != NULL)
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* A server's context; chain may be NULL. */
static inline SSL_CTX *
pki_server(const struct pki_cert *leaf, X509 *chain)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, leaf->x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, leaf->key), 1);
	if (chain != NULL)
		assert_int_equal(SSL_CTX_add1_chain_cert(ctx, chain), 1);
	SSL_CTX_set_session_id_context(ctx,
	    (const unsigned char *)"test", 4);
	return ctx;
}

#endif

/* SPDX-License-Identifier: ISC */
/*
 * Whether the server's certificate is the one that was meant, and in words
 * that an administrator can act on, why not.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/tls_impl.h"

enum {
	NAMES_SHOWN_MAX = 120,		/* bytes of a list of names in a text */
};

static bool
parse_pin(const char *s, struct tls_pin *pin)
{
	size_t i = 0;
	int v, high = -1;

	pin->spki = strncasecmp(s, "spki:", 5) == 0;
	if (pin->spki)
		s += 5;
	for (; *s != '\0'; s++) {
		if (*s == ':' && high == -1 && i > 0 && i < TLS_DIGEST)
			continue;
		v = text_hex_value(*s);
		if (v == -1 || i == TLS_DIGEST)
			return false;
		if (high == -1) {
			high = v;
			continue;
		}
		pin->sha256[i++] = (unsigned char)(high << 4 | v);
		high = -1;
	}
	return i == TLS_DIGEST && high == -1;
}

int
tls_pins_parse(struct tls_ctx *ctx, const struct conf_list *list,
    struct err *err)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		ctx->pins = mem_array(ctx->pins, ctx->npins + 1,
		    sizeof(*ctx->pins));
		if (!parse_pin(list->v[i], &ctx->pins[ctx->npins]))
			return err_set(err, ERR_TEMP, "4.7.5",
			    "tls_fingerprint: 64 hexadecimal digits are "
			    "wanted (SHA-256), after spki: for a public key");
		ctx->npins++;
	}
	return 0;
}

/* Of the whole certificate, or of its SubjectPublicKeyInfo (what OpenSSL's
 * X509_pubkey_digest covers is only the bits inside). */
static bool
digest(X509 *cert, bool spki, unsigned char out[TLS_DIGEST])
{
	unsigned char *der = NULL;
	unsigned int n = 0;
	int len, ok;

	if (!spki)
		return X509_digest(cert, EVP_sha256(), out, &n) == 1 &&
		    n == TLS_DIGEST;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	if (len <= 0)
		return false;
	ok = EVP_Digest(der, (size_t)len, out, &n, EVP_sha256(), NULL);
	OPENSSL_free(der);
	return ok == 1 && n == TLS_DIGEST;
}

static bool
matches_pin(const struct tls_ctx *ctx, X509 *leaf)
{
	unsigned char got[2][TLS_DIGEST];
	bool have[2];
	size_t i;

	have[0] = digest(leaf, false, got[0]);
	have[1] = digest(leaf, true, got[1]);
	for (i = 0; i < ctx->npins; i++)
		if (have[ctx->pins[i].spki] && memcmp(ctx->pins[i].sha256,
		    got[ctx->pins[i].spki], TLS_DIGEST) == 0)
			return true;
	return false;
}

/* SSL_set1_host wants a name and an address both where a list has both; here
 * any one of the list is enough. The common name never counts (RFC 7817 3). */
static bool
matches_name(const struct tls_conn *c, X509 *leaf)
{
	const unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
	size_t i;
	int r;

	for (i = 0; i < c->nnames; i++) {
		r = X509_check_ip_asc(leaf, c->names[i], flags);
		if (r == -2)	/* not an address */
			r = X509_check_host(leaf, c->names[i], 0, flags, NULL);
		if (r == 1)
			return true;
	}
	return false;
}

static const char *
show_time(const ASN1_TIME *t, char *out, size_t size)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1 ||
	    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, size, "a time that is no time");
	return out;
}

static void
show_dn(const X509_NAME *name, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n = 0;

	out[0] = '\0';
	if (bio == NULL)
		return;
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE &
	    ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_get_mem_data(bio, &p);
	if (n > 0)
		(void)text_clean_to(out, size, p, (size_t)n);
	BIO_free(bio);
}

static void
show_name(struct buf *b, const GENERAL_NAME *gn)
{
	char ip[INET6_ADDRSTRLEN] = "";
	const ASN1_STRING *s = NULL;
	const char *p;
	int n, type;

	s = GENERAL_NAME_get0_value(gn, &type);
	if (type != GEN_DNS && type != GEN_IPADD)
		return;
	p = (const char *)ASN1_STRING_get0_data(s);
	n = ASN1_STRING_length(s);
	if (type == GEN_IPADD) {
		if (n != 4 && n != 16)
			return;
		p = inet_ntop(n == 4 ? AF_INET : AF_INET6, p, ip, sizeof(ip));
		n = p != NULL ? (int)strlen(p) : 0;
	}
	if (n <= 0)
		return;
	if (b->n > 0)
		buf_adds(b, ", ");
	text_clean(b, p, (size_t)n, 64);
}

/* The names that the certificate is for, as many as fit. */
static void
show_names(X509 *leaf, char *out, size_t size)
{
	GENERAL_NAMES *names;
	struct buf b;
	int i;

	buf_init(&b, NAMES_SHOWN_MAX);
	names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	for (i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++)
		show_name(&b, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	(void)snprintf(out, size, "%s%s", b.n > 0 ? buf_str(&b) : "none",
	    b.over ? " ..." : "");
	buf_free(&b);
}

static void
explain_names(struct tls_conn *c, X509 *leaf)
{
	char names[NAMES_SHOWN_MAX + 8];

	show_names(leaf, names, sizeof(names));
	(void)snprintf(c->why, sizeof(c->why), "certificate of %.100s is not "
	    "for that name: correct host, or set tls_name (names in it: %s)",
	    c->names[0], names);
}

static void
explain_pin(struct tls_conn *c, X509 *leaf)
{
	unsigned char got[TLS_DIGEST];
	char hex[2 * TLS_DIGEST + 1] = "unknown";
	size_t i;

	if (digest(leaf, false, got))
		for (i = 0; i < TLS_DIGEST; i++)
			(void)snprintf(hex + 2 * i, 3, "%02x", got[i]);
	(void)snprintf(c->why, sizeof(c->why), "certificate of %.100s is not "
	    "one of tls_fingerprint: it is %s; if it was renewed, ask its "
	    "operator and correct the list", c->names[0], hex);
}

static void
explain_issuer(struct tls_conn *c, X509 *leaf)
{
	char issuer[100];

	show_dn(X509_get_issuer_name(leaf), issuer, sizeof(issuer));
	(void)snprintf(c->why, sizeof(c->why), "certificate of %.80s is from "
	    "an authority that is not trusted here (%s): %s", c->names[0],
	    issuer, c->ctx->has_store ?
	    "put its certificate into tls_ca_file, or pin tls_fingerprint" :
	    "no trust store was found: install ca-certificates");
}

static void
explain_date(struct tls_conn *c, X509 *cert, int depth, bool expired)
{
	char when[40];

	(void)show_time(expired ? X509_get0_notAfter(cert) :
	    X509_get0_notBefore(cert), when, sizeof(when));
	(void)snprintf(c->why, sizeof(c->why), "%scertificate of %.100s %s "
	    "%s: %s", depth > 0 ? "the issuer of the " : "", c->names[0],
	    expired ? "expired" : "is not valid before", when, expired ?
	    "its operator must renew it (or this machine's clock is wrong)" :
	    "is this machine's clock right?");
}

static void
explain(struct tls_conn *c, X509_STORE_CTX *sc, X509 *leaf)
{
	X509 *cert = X509_STORE_CTX_get_current_cert(sc);
	int depth = X509_STORE_CTX_get_error_depth(sc);

	if (cert == NULL)
		cert = leaf;
	switch (c->verdict) {
	case X509_V_ERR_APPLICATION_VERIFICATION:
		explain_pin(c, leaf);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		explain_names(c, leaf);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		explain_date(c, cert, depth, true);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		explain_date(c, cert, depth, false);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		explain_issuer(c, depth > 0 ? cert : leaf);
		break;
	case X509_V_ERR_DANE_NO_MATCH:
		(void)snprintf(c->why, sizeof(c->why), "certificate of %.100s "
		    "does not match its TLSA records: its operator must "
		    "correct them", c->names[0]);
		break;
	default:
		(void)snprintf(c->why, sizeof(c->why), "certificate of %.100s "
		    "was refused: %s", c->names[0],
		    X509_verify_cert_error_string(c->verdict));
		break;
	}
}

int
tls_verify_judge(X509_STORE_CTX *sc, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(sc,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_conn *c = SSL_get_app_data(ssl);
	X509 *leaf = X509_STORE_CTX_get0_cert(sc);
	int v;

	(void)arg;
	if (c->ctx->npins > 0) {
		v = matches_pin(c->ctx, leaf) ? X509_V_OK :
		    X509_V_ERR_APPLICATION_VERIFICATION;
	} else {
		int ok = X509_verify_cert(sc) == 1;

		v = X509_STORE_CTX_get_error(sc);
		if (!ok && v == X509_V_OK)
			v = X509_V_ERR_UNSPECIFIED;
		if (v == X509_V_OK && !c->dane && !matches_name(c, leaf))
			v = X509_V_ERR_HOSTNAME_MISMATCH;
	}
	c->verdict = v;
	if (v != X509_V_OK)
		explain(c, sc, leaf);
	X509_STORE_CTX_set_error(sc, v);
	return v == X509_V_OK || !c->enforce;
}

void
tls_verify_describe(X509 *leaf, struct tls_peer *peer)
{
	char when[40];

	show_dn(X509_get_subject_name(leaf), peer->subject,
	    sizeof(peer->subject));
	show_dn(X509_get_issuer_name(leaf), peer->issuer,
	    sizeof(peer->issuer));
	(void)snprintf(peer->not_after, sizeof(peer->not_after), "%.24s",
	    show_time(X509_get0_notAfter(leaf), when, sizeof(when)));
}

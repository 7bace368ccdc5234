/* SPDX-License-Identifier: ISC */
/*
 * Which mechanism: from our own list, never what the library suggests.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/smtp/sasl_impl.h"
#include "core/smtp/tls.h"

enum {
	SHOWN_MAX = 120,		/* bytes of the server's list shown */
	ORDER_MAX = 16,
};

/* NTLM, DIGEST-MD5, ANONYMOUS and the rest are not here, so they are never
 * tried. The order is INTERFACE's for `auto` with TLS. */
static const struct sasl_mech mechs[] = {
	{ "GSSAPI", SASL_NEED_TICKET, .client_first = true },
	{ "EXTERNAL", SASL_NEED_CERT, .client_first = true },
	{ "OAUTHBEARER", SASL_NEED_TOKEN, .reusable = true,
	    .client_first = true },
	{ "XOAUTH2", SASL_NEED_TOKEN, .reusable = true, .client_first = true },
	{ "SCRAM-SHA-256-PLUS", SASL_NEED_PASSWORD, .plus = true,
	    .scram = true, .client_first = true },
	{ "SCRAM-SHA-1-PLUS", SASL_NEED_PASSWORD, .plus = true, .scram = true,
	    .client_first = true },
	{ "SCRAM-SHA-256", SASL_NEED_PASSWORD, .scram = true,
	    .client_first = true },
	{ "SCRAM-SHA-1", SASL_NEED_PASSWORD, .scram = true,
	    .client_first = true },
	{ "PLAIN", SASL_NEED_PASSWORD, .reusable = true,
	    .client_first = true },
	{ "LOGIN", SASL_NEED_PASSWORD, .reusable = true },
	{ .name = "CRAM-MD5", .need = SASL_NEED_PASSWORD },
};

const struct sasl_mech *
sasl_mech_find(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < NELEM(mechs); i++)
		if (text_case_eq(mechs[i].name, strlen(mechs[i].name), p, n))
			return &mechs[i];
	return NULL;
}

static bool
in_list(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (; *list != '\0'; list += len) {
		list += strspn(list, " \t");
		len = strcspn(list, " \t");
		if (text_case_eq(list, len, word, n))
			return true;
	}
	return false;
}

static bool
has_binding(const struct sasl_facts *f)
{
	struct buf b;
	bool ok;

	if (!f->tls || f->stream == NULL)
		return false;
	buf_init(&b, 256);
	ok = tls_binding_exporter(f->stream, &b) ||
	    tls_binding_unique(f->stream, &b);
	buf_free(&b);
	return ok;
}

/* What this mechanism would need and does not have, or NULL. */
static const char *
lack(const struct sasl_facts *f, const struct sasl_mech *m)
{
	const struct sasl_secrets *x = f->secrets;

	if (m->need == SASL_NEED_CERT && !x->client_cert)
		return "EXTERNAL needs tls_cert_file";
	if (m->need == SASL_NEED_TOKEN && (x->user == NULL || x->token.n == 0))
		return "there is no token";
	if (m->need == SASL_NEED_PASSWORD &&
	    (x->user == NULL || x->password.n == 0))
		return "there is no password";
	if (m->plus && !has_binding(f))
		return "there is no TLS channel to bind to";
	return NULL;
}

/* Why this mechanism must not be used here, or NULL. */
static const char *
objection(const struct sasl_facts *f, const struct sasl_mech *m)
{
	bool automatic = f->relay->auth != CONF_AUTH_LIST;
	bool safe = f->tls && f->tls_verified;

	if (m->need == SASL_NEED_TICKET && automatic)
		return "GSSAPI has to be listed in auth";
	if (m->need == SASL_NEED_CERT && automatic && f->secrets->user != NULL)
		return "EXTERNAL beside user has to be listed in auth";
	if (m->need == SASL_NEED_CERT && !f->tls)
		return "EXTERNAL needs TLS";
	if (m->need == SASL_NEED_TOKEN && !safe)
		return "a token is sent over verified TLS only";
	if (m->reusable && !safe && !f->relay->allow_plaintext_auth)
		return "a password is not sent without verified TLS";
	return NULL;
}

/* The mechanisms in the order to try them. */
static size_t
order(const struct sasl_facts *f, const struct sasl_mech *v[ORDER_MAX])
{
	const struct conf_list *list = &f->relay->auth_list;
	size_t i, n = 0;
	int round;

	if (f->relay->auth == CONF_AUTH_LIST) {
		for (i = 0; i < list->n && n < ORDER_MAX; i++) {
			v[n] = sasl_mech_find(list->v[i], strlen(list->v[i]));
			n += v[n] != NULL;
		}
		return n;
	}
	/* Without safe TLS what gives the password away comes last. */
	for (round = 0; round < 2; round++)
		for (i = 0; i < NELEM(mechs); i++)
			if ((round == 1) == (mechs[i].reusable &&
			    !(f->tls && f->tls_verified)))
				v[n++] = &mechs[i];
	return n;
}

static int
explain(const struct sasl_facts *f, const char *offered, const char *tried,
    const char *why, struct err *err)
{
	char shown[SHOWN_MAX];

	if (f->relay->auth == CONF_AUTH_OFF)
		return err_set(err, ERR_TEMP, "4.7.0", "auth is off");
	if (offered[strspn(offered, " \t")] == '\0')
		return err_set(err, ERR_TEMP, "4.7.0", "the server offers no "
		    "AUTH%s", f->tls ? "" : " without TLS");
	(void)text_clean_to(shown, sizeof(shown), offered, strlen(offered));
	return err_set(err, ERR_TEMP, "4.7.0", "no usable AUTH mechanism: the "
	    "server offers %s%s%s%s%s", shown,
	    *tried != '\0' ? "; it has refused " : "", tried,
	    why != NULL ? "; " : f->relay->auth == CONF_AUTH_LIST ?
	    "; auth lists none of them" : "", why != NULL ? why : "");
}

int
sasl_choose(const struct sasl_facts *f, const char *offered,
    const char *tried, char *mech, size_t size, struct err *err)
{
	const struct sasl_mech *v[ORDER_MAX];
	const char *why = NULL, *no;
	size_t i, n;

	n = f->relay->auth == CONF_AUTH_OFF ? 0 : order(f, v);
	for (i = 0; i < n; i++) {
		if (!in_list(offered, v[i]->name) || in_list(tried, v[i]->name))
			continue;
		no = lack(f, v[i]);
		if (no != NULL) {
			why = why != NULL ? why : no;
			continue;
		}
		no = objection(f, v[i]);
		if (no == NULL) {
			(void)snprintf(mech, size, "%s", v[i]->name);
			return 0;
		}
		/* A rule that stands in the way is what to talk about. */
		why = no;
	}
	return explain(f, offered, tried, why, err);
}

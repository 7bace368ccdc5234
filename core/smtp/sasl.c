/* SPDX-License-Identifier: ISC */
#include <gsasl.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/sasl_impl.h"
#include "core/smtp/tls.h"

enum {
	SASL_RAW_MAX = SASL_LINE_MAX / 4 * 3,	/* bytes before base64 */
};

struct sasl {
	const struct sasl_mech *mech;	/* borrowed, constant */
	Gsasl		*lib;		/* owned; NULL for OAuth */
	Gsasl_session	*session;	/* owned */
	struct buf	 first;		/* owned, secret: the first message */
	int		 steps;		/* 334s so far */
	bool		 again;		/* first was sent a second time */
	bool		 done;		/* nothing is missing but 235 */
	bool		 refused;	/* the server said no in a 334 */
};

static int
explain(const struct sasl *s, int rc, struct err *err)
{
	const char *why = gsasl_strerror(rc);

	if (rc == GSASL_AUTHENTICATION_ERROR && s->mech->scram)
		why = "the server has not proved that it knows the password";
	if (rc == GSASL_SASLPREP_ERROR)
		why = "user or password has a character that SASLprep "
		    "(RFC 4013) forbids";
	if (rc == GSASL_GSSAPI_INIT_SEC_CONTEXT_ERROR)
		why = "no Kerberos ticket for this server";
	return err_set(err, ERR_TEMP, "4.7.0", "AUTH %s: %s", s->mech->name,
	    why);
}

/* Of what channel: RFC 9266 for TLS 1.3, RFC 5929 before it. The library
 * must have none for a mechanism without -PLUS, or its first step fails. */
static int
set_binding(struct sasl *s, const struct sasl_facts *f, struct err *err)
{
	Gsasl_property prop = GSASL_CB_TLS_UNIQUE;
	struct buf raw, coded;
	bool ok;
	int rc = GSASL_OK;

	buf_init(&raw, 256);
	buf_init(&coded, 512);
	ok = tls_binding_unique(f->stream, &raw);
	if (!ok) {
		prop = GSASL_CB_TLS_EXPORTER;
		ok = tls_binding_exporter(f->stream, &raw);
	}
	if (ok) {
		text_base64(&coded, raw.p, raw.n);
		rc = gsasl_property_set(s->session, prop, buf_str(&coded));
	}
	buf_free(&raw);
	buf_free(&coded);
	if (!ok)
		return err_set(err, ERR_TEMP, "4.7.0", "AUTH %s: there is no "
		    "channel to bind to", s->mech->name);
	return rc == GSASL_OK ? 0 : explain(s, rc, err);
}

/* What the library may ask for has been set before; it gets no more. */
static int
no_more(Gsasl *lib, Gsasl_session *session, Gsasl_property prop)
{
	(void)lib;
	(void)session;
	(void)prop;
	return GSASL_NO_CALLBACK;
}

static int
set_properties(struct sasl *s, const struct sasl_facts *f, struct err *err)
{
	const struct sasl_secrets *x = f->secrets;
	int rc = GSASL_OK;

	switch (s->mech->need) {
	case SASL_NEED_PASSWORD:
		rc = gsasl_property_set(s->session, GSASL_AUTHID, x->user);
		if (rc == GSASL_OK)
			rc = gsasl_property_set_raw(s->session,
			    GSASL_PASSWORD, x->password.p, x->password.n);
		break;
	case SASL_NEED_TICKET:
		rc = gsasl_property_set(s->session, GSASL_SERVICE, "smtp");
		if (rc == GSASL_OK)
			rc = gsasl_property_set(s->session, GSASL_HOSTNAME,
			    f->host);
		if (rc == GSASL_OK && x->user != NULL)
			rc = gsasl_property_set(s->session, GSASL_AUTHZID,
			    x->user);
		break;
	case SASL_NEED_CERT:
		/* Whom the certificate stands for is the server's to say,
		 * unless the configuration does. */
		if (x->user != NULL)
			rc = gsasl_property_set(s->session, GSASL_AUTHZID,
			    x->user);
		break;
	case SASL_NEED_TOKEN:
		break;
	}
	if (rc != GSASL_OK)
		return explain(s, rc, err);
	return s->mech->plus ? set_binding(s, f, err) : 0;
}

static int
open_session(struct sasl *s, const struct sasl_facts *f, struct err *err)
{
	int rc;

	rc = gsasl_init(&s->lib);
	if (rc == GSASL_OK) {
		gsasl_callback_set(s->lib, no_more);
		rc = gsasl_client_start(s->lib, s->mech->name, &s->session);
	}
	if (rc != GSASL_OK)
		return explain(s, rc, err);
	return set_properties(s, f, err);
}

/* One step of the library's; its answer, not yet coded, is added to *raw. */
static int
step_library(struct sasl *s, const char *p, size_t n, struct buf *raw,
    struct err *err)
{
	char *answer = NULL;
	size_t len = 0;
	int rc;

	rc = gsasl_step(s->session, p, n, &answer, &len);
	if (rc != GSASL_OK && rc != GSASL_NEEDS_MORE)
		return explain(s, rc, err);
	buf_add(raw, answer, len);
	if (answer != NULL) {
		explicit_bzero(answer, len);
		gsasl_free(answer);
	}
	s->done = rc == GSASL_OK;
	return 0;
}

static int
encode(const struct sasl *s, const struct buf *raw, struct buf *out,
    struct err *err)
{
	if (raw->over || (raw->n + 2) / 3 * 4 > SASL_LINE_MAX)
		return err_set(err, ERR_TEMP, "4.7.0", "AUTH %s: a line over "
		    "%d bytes would be needed", s->mech->name, SASL_LINE_MAX);
	text_base64(out, buf_str(raw), raw->n);
	return 0;
}

static void
init_raw(struct buf *b)
{
	buf_init(b, SASL_RAW_MAX);
	buf_reserve(b, SASL_RAW_MAX);
}

int
sasl_start(const struct sasl_facts *f, const char *mech, struct sasl **out,
    struct buf *initial, struct err *err)
{
	struct sasl *s = mem_zero(sizeof(*s));

	init_raw(&s->first);
	s->mech = sasl_mech_find(mech, strlen(mech));
	if (s->mech == NULL) {
		err_set(err, ERR_TEMP, "4.7.0", "AUTH: a mechanism that is "
		    "never used");
		goto fail;
	}
	if (s->mech->need == SASL_NEED_TOKEN) {
		if (sasl_oauth_first(f, s->mech->name[0] == 'O', &s->first,
		    err) == -1)
			goto fail;
		s->done = true;
	} else {
		if (open_session(s, f, err) == -1)
			goto fail;
		if (s->mech->client_first && step_library(s, NULL, 0,
		    &s->first, err) == -1)
			goto fail;
	}
	if (s->mech->client_first && encode(s, &s->first, initial, err) == -1)
		goto fail;
	if (s->mech->client_first && s->first.n == 0)
		buf_addc(initial, '=');
	*out = s;
	return 0;
fail:
	sasl_free(s);
	return -1;
}

/* The server's no comes as a 334 that wants an answer before the 535. */
static void
answer_refusal(struct sasl *s, struct buf *raw)
{
	s->refused = true;
	if (s->mech->name[0] == 'O')
		buf_addc(raw, '\001');	/* RFC 7628 3.2.3; XOAUTH2: nothing */
}

static int
respond(struct sasl *s, const char *p, size_t n, struct buf *raw,
    struct err *err)
{
	if (s->mech->need == SASL_NEED_TOKEN && !s->refused && n > 0) {
		answer_refusal(s, raw);
		return 0;
	}
	/* Some servers do not read the initial response, and ask for it. */
	if (s->mech->client_first && s->steps == 1 && n == 0 && s->done &&
	    !s->again) {
		s->again = true;
		buf_add(raw, s->first.p, s->first.n);
		return 0;
	}
	if (s->done)
		return err_set(err, ERR_PROTO, "4.7.0", "AUTH %s: the server "
		    "asks for more than there is", s->mech->name);
	if (s->mech->scram && s->steps == 1 && sasl_scram_check(p, n,
	    sasl_scram_nonce(s->first.p, s->first.n), err) == -1)
		return -1;
	return step_library(s, p, n, raw, err);
}

int
sasl_step(struct sasl *s, const char *p, size_t n, struct buf *out,
    struct err *err)
{
	struct buf challenge, raw;
	int ret = -1;

	init_raw(&challenge);
	init_raw(&raw);
	if (++s->steps > SASL_STEPS_MAX) {
		err_set(err, ERR_PROTO, "4.7.0", "AUTH %s does not come to "
		    "an end", s->mech->name);
		goto out;
	}
	if (n > SASL_LINE_MAX || !text_base64_decode(&challenge, p, n)) {
		err_set(err, ERR_PROTO, "4.7.0", "AUTH %s: the server's "
		    "challenge is not base64, or over %d bytes",
		    s->mech->name, SASL_LINE_MAX);
		goto out;
	}
	if (respond(s, buf_str(&challenge), challenge.n, &raw, err) == -1)
		goto out;
	ret = encode(s, &raw, out, err);
out:
	buf_wipe(&challenge);
	buf_wipe(&raw);
	return ret;
}

int
sasl_finish(struct sasl *s, struct err *err)
{
	if (s->refused)
		return err_set(err, ERR_PROTO, "4.7.0", "AUTH %s: the server "
		    "accepts what it has refused", s->mech->name);
	if (!s->done)
		return err_set(err, ERR_PROTO, "4.7.0", "AUTH %s: %s",
		    s->mech->name, s->mech->scram ? "the server says yes "
		    "without a proof that it knows the password" :
		    "the server says yes too early");
	return 0;
}

void
sasl_free(struct sasl *s)
{
	const char *kept;

	if (s == NULL)
		return;
	if (s->session != NULL) {
		/* The library frees its copy without wiping it. */
		kept = gsasl_property_fast(s->session, GSASL_PASSWORD);
		if (kept != NULL)
			explicit_bzero((void *)(uintptr_t)kept, strlen(kept));
		gsasl_finish(s->session);
	}
	if (s->lib != NULL)
		gsasl_done(s->lib);
	buf_wipe(&s->first);
	mem_free(s);
}

/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <gsasl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/smtp/sasl.h"
#include "core/smtp/sasl_impl.h"
#include "core/smtp/tls.h"

static const char user[] = "joe";
static const char binding_bytes[] = "0123456789abcdef0123456789abcdef";

/* A channel to bind to, without TLS: 1 exporter, 2 unique. */
static int binding;

bool
tls_binding_exporter(const struct stream *s, struct buf *out)
{
	if (s == NULL || binding != 1)
		return false;
	buf_add(out, binding_bytes, 32);
	return true;
}

bool
tls_binding_unique(const struct stream *s, struct buf *out)
{
	if (s == NULL || binding != 2)
		return false;
	buf_add(out, binding_bytes, 12);
	return true;
}

struct setup {
	struct conf_relay	relay;
	struct sasl_secrets	secrets;
	struct stream		stream;
	struct sasl_facts	facts;
};

static void
set_up(struct setup *s, const char *password)
{
	memset(s, 0, sizeof(*s));
	s->secrets.user = strdup(user);
	buf_init(&s->secrets.password, 2000);
	buf_adds(&s->secrets.password, password);
	buf_init(&s->secrets.token, 10000);
	s->facts = (struct sasl_facts){ .relay = &s->relay,
	    .secrets = &s->secrets, .host = "smtp.example.com", .port = 587,
	    .tls = true, .tls_verified = true, .stream = &s->stream };
}

static void
tear_down(struct setup *s)
{
	sasl_secrets_wipe(&s->secrets);
	sasl_secrets_wipe(&s->secrets);
	binding = 0;
}

static const char *server_password, *server_user;
static int server_binding;

static int
server_asks(Gsasl *lib, Gsasl_session *g, Gsasl_property prop)
{
	char *b64 = NULL;
	size_t n;

	(void)lib;
	switch ((int)prop) {
	case GSASL_PASSWORD:
		gsasl_property_set(g, prop, server_password);
		return GSASL_OK;
	case GSASL_VALIDATE_EXTERNAL:
		return GSASL_OK;
	case GSASL_CB_TLS_EXPORTER:
	case GSASL_CB_TLS_UNIQUE:
		if ((server_binding == 1) != (prop == GSASL_CB_TLS_EXPORTER) ||
		    server_binding == 0)
			return GSASL_NO_CALLBACK;
		gsasl_base64_to(binding_bytes, server_binding == 1 ? 32 : 12,
		    &b64, &n);
		gsasl_property_set(g, prop, b64);
		gsasl_free(b64);
		return GSASL_OK;
	default:
		return GSASL_NO_CALLBACK;
	}
}

/* The whole exchange against the library's own server; the server's end. */
static int
converse(struct setup *s, const char *mech, struct err *err, bool *finished)
{
	struct buf mine;
	Gsasl *lib;
	Gsasl_session *g;
	struct sasl *c = NULL;
	char *out = NULL;
	int rc = GSASL_OK, turns = 0;

	*finished = false;
	err->text[0] = '\0';
	assert_int_equal(gsasl_init(&lib), GSASL_OK);
	gsasl_callback_set(lib, server_asks);
	assert_int_equal(gsasl_server_start(lib, mech, &g), GSASL_OK);
	buf_init(&mine, SASL_LINE_MAX);
	if (sasl_start(&s->facts, mech, &c, &mine, err) == -1) {
		rc = -1;
		goto out;
	}
	if (mine.n == 0)		/* the server speaks first */
		rc = gsasl_step64(g, "", &out);
	else
		rc = gsasl_step64(g, strcmp(buf_str(&mine), "=") == 0 ? "" :
		    buf_str(&mine), &out);
	while ((rc == GSASL_NEEDS_MORE || (rc == GSASL_OK && out != NULL &&
	    *out != '\0')) && turns++ < 10) {
		buf_reset(&mine);
		if (sasl_step(c, out, strlen(out), &mine, err) == -1) {
			rc = -1;
			break;
		}
		gsasl_free(out);
		out = NULL;
		if (rc == GSASL_OK)
			break;
		rc = gsasl_step64(g, buf_str(&mine), &out);
	}
	*finished = rc == GSASL_OK && sasl_finish(c, err) == 0;
out:
	gsasl_free(out);
	sasl_free(c);
	buf_free(&mine);
	gsasl_finish(g);
	gsasl_done(lib);
	return rc;
}

static void
test_exchanges(void **state)
{
	static const struct {
		const char *mech;
		int ours, theirs;
		bool wrong_ends_here;	/* the client finds out first */
	} cases[] = {
		{ "PLAIN", 0, 0, false }, { "LOGIN", 0, 0, false },
		{ "CRAM-MD5", 0, 0, false }, { "SCRAM-SHA-1", 0, 0, false },
		{ "SCRAM-SHA-256", 0, 0, false },
		{ "SCRAM-SHA-256", 1, 0, false },
		{ "SCRAM-SHA-1-PLUS", 1, 1, false },
		{ "SCRAM-SHA-256-PLUS", 1, 1, false },
		{ "SCRAM-SHA-256-PLUS", 2, 2, false },
		{ "EXTERNAL", 0, 0, false },
	};
	struct setup s;
	struct err err;
	bool finished;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		set_up(&s, "pencil \"#; \xc3\xa4");
		binding = cases[i].ours;
		server_binding = cases[i].theirs;
		server_user = user;
		server_password = "pencil \"#; \xc3\xa4";
		rc = converse(&s, cases[i].mech, &err, &finished);
		check(rc == GSASL_OK && finished, "%s: %s %s", cases[i].mech,
		    err.text, gsasl_strerror(rc));
		server_password = "crayon";
		rc = converse(&s, cases[i].mech, &err, &finished);
		check(strcmp(cases[i].mech, "EXTERNAL") == 0 ||
		    (rc != GSASL_OK && !finished), "%s: wrong password",
		    cases[i].mech);
		tear_down(&s);
	}
}

static void
test_wrong_binding(void **state)
{
	struct setup s;
	struct err err;
	bool finished;

	(void)state;
	set_up(&s, "pencil");
	server_password = "pencil";
	binding = 1;
	server_binding = 2;		/* another channel, as it were */
	assert_int_not_equal(converse(&s, "SCRAM-SHA-256-PLUS", &err,
	    &finished), GSASL_OK);
	assert_false(finished);
	binding = 0;
	assert_int_equal(converse(&s, "SCRAM-SHA-256-PLUS", &err, &finished),
	    -1);
	assert_true(strstr(err.text, "bind") != NULL);
	tear_down(&s);
}

static void
test_choose(void **state)
{
	enum { TLS = 1, UNVERIFIED = 2, BOUND = 4, CERT = 8, TOKEN = 16,
		NO_USER = 32, CLEAR = 64, OFF = 128, NO_PASSWORD = 256 };
	static const char all[] = "DIGEST-MD5 NTLM ANONYMOUS GSSAPI PLAIN "
	    "LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS "
	    "SCRAM-SHA-256-PLUS EXTERNAL XOAUTH2 OAUTHBEARER";
	static const struct {
		int how;
		const char *list, *offered, *tried, *want, *why;
	} cases[] = {
		{ TLS | BOUND, NULL, all, "", "SCRAM-SHA-256-PLUS", NULL },
		{ TLS | BOUND, NULL, all, "SCRAM-SHA-256-PLUS",
		    "SCRAM-SHA-1-PLUS", NULL },
		{ TLS, NULL, all, "", "SCRAM-SHA-256", NULL },
		{ TLS, NULL, all, "scram-sha-256", "SCRAM-SHA-1", NULL },
		{ TLS, NULL, "CRAM-MD5 LOGIN PLAIN", "", "PLAIN", NULL },
		{ TLS, NULL, "CRAM-MD5 LOGIN PLAIN", "PLAIN", "LOGIN", NULL },
		{ TLS, NULL, "CRAM-MD5 LOGIN PLAIN", "PLAIN LOGIN",
		    "CRAM-MD5", NULL },
		{ TLS, NULL, "\tplain  login ", "", "PLAIN", NULL },
		{ TLS, NULL, "PLAINX XPLAIN", "", NULL, "PLAINX" },
		{ TLS, NULL, "DIGEST-MD5 NTLM ANONYMOUS GSSAPI OTP", "", NULL,
		    "DIGEST-MD5" },
		{ TLS, NULL, "", "", NULL, "offers no AUTH" },
		{ 0, NULL, "", "", NULL, "without TLS" },
		{ 0, NULL, all, "", "SCRAM-SHA-256", NULL },
		{ 0, NULL, "PLAIN LOGIN CRAM-MD5", "", "CRAM-MD5", NULL },
		{ 0, NULL, "PLAIN LOGIN", "", NULL, "not sent without" },
		{ CLEAR, NULL, "PLAIN LOGIN", "", "PLAIN", NULL },
		{ CLEAR, NULL, "PLAIN LOGIN CRAM-MD5", "", "CRAM-MD5", NULL },
		{ TLS | UNVERIFIED, NULL, "PLAIN LOGIN", "", NULL,
		    "verified TLS" },
		{ TLS | UNVERIFIED, NULL, "PLAIN CRAM-MD5", "", "CRAM-MD5",
		    NULL },
		{ TLS | CERT | NO_USER, NULL, all, "", "EXTERNAL", NULL },
		{ TLS | CERT, NULL, "EXTERNAL PLAIN", "", "PLAIN", NULL },
		{ TLS | CERT, "EXTERNAL", "EXTERNAL PLAIN", "", "EXTERNAL",
		    NULL },
		{ CERT, "EXTERNAL", "EXTERNAL", "", NULL, "needs TLS" },
		{ TLS, "EXTERNAL", "EXTERNAL", "", NULL, "tls_cert_file" },
		{ TLS | TOKEN | NO_PASSWORD, NULL, all, "", "OAUTHBEARER",
		    NULL },
		{ TLS | TOKEN | NO_PASSWORD, NULL, all, "OAUTHBEARER",
		    "XOAUTH2", NULL },
		{ TOKEN | CLEAR | NO_PASSWORD, NULL, all, "", NULL,
		    "verified TLS only" },
		{ TLS | UNVERIFIED | TOKEN | CLEAR | NO_PASSWORD, NULL, all,
		    "", NULL, "verified TLS only" },
		{ TLS, "LOGIN PLAIN", all, "", "LOGIN", NULL },
		{ TLS, "GSSAPI PLAIN", all, "", "GSSAPI", NULL },
		{ TLS, "login", "LOGIN", "", "LOGIN", NULL },
		{ TLS, "DIGEST-MD5 NTLM", all, "", NULL, "lists none" },
		{ 0, "PLAIN", all, "", NULL, "not sent without" },
		{ TLS | OFF, NULL, all, "", NULL, "off" },
		{ TLS | NO_PASSWORD, NULL, "PLAIN", "", NULL, "no password" },
		{ TLS, NULL, "PLAIN \x1b[2J", "PLAIN", NULL, "\\x1B" },
	};
	struct setup s;
	struct err err;
	char mech[40], list[100], *words[8], *save, *p;
	size_t i;
	int ret, how;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		how = cases[i].how;
		set_up(&s, (how & NO_PASSWORD) != 0 ? "" : "secret");
		binding = (how & BOUND) != 0 ? 1 : 0;
		s.facts.tls = (how & TLS) != 0;
		s.facts.tls_verified = (how & UNVERIFIED) == 0;
		s.secrets.client_cert = (how & CERT) != 0;
		s.relay.allow_plaintext_auth = (how & CLEAR) != 0;
		s.relay.auth = (how & OFF) != 0 ? CONF_AUTH_OFF :
		    cases[i].list != NULL ? CONF_AUTH_LIST : CONF_AUTH_AUTO;
		if ((how & TOKEN) != 0)
			buf_adds(&s.secrets.token, "tok");
		if ((how & NO_USER) != 0) {
			free(s.secrets.user);
			s.secrets.user = NULL;
		}
		(void)snprintf(list, sizeof(list), "%s",
		    cases[i].list != NULL ? cases[i].list : "");
		s.relay.auth_list.v = words;
		for (p = strtok_r(list, " ", &save); p != NULL;
		    p = strtok_r(NULL, " ", &save))
			words[s.relay.auth_list.n++] = p;
		mech[0] = err.text[0] = '\0';
		ret = sasl_choose(&s.facts, cases[i].offered, cases[i].tried,
		    mech, sizeof(mech), &err);
		check(ret == (cases[i].want != NULL ? 0 : -1) && strcmp(mech,
		    cases[i].want != NULL ? cases[i].want : "") == 0,
		    "row %zu: '%s' %s", i, mech, err.text);
		check(ret == 0 || strstr(err.text, cases[i].why) != NULL,
		    "row %zu: %s", i, err.text);
		check(strstr(err.text, "secret") == NULL, "row %zu", i);
		tear_down(&s);
	}
}

static void
step64(struct sasl *c, const char *plain, struct buf *out, struct err *err,
    int want)
{
	struct buf b;

	buf_init(&b, 100000);
	text_base64(&b, plain, strlen(plain));
	buf_reset(out);
	check(sasl_step(c, buf_str(&b), b.n, out, err) == want, "'%s': %s",
	    plain, err->text);
	buf_free(&b);
}

/* The client's words, decoded. */
static const char *
plain_of(const struct buf *coded)
{
	static char text[20000];
	struct buf b;

	buf_init(&b, sizeof(text) - 1);
	assert_true(text_base64_decode(&b, buf_str(coded), coded->n));
	memcpy(text, buf_str(&b), b.n + 1);
	buf_free(&b);
	return text;
}

static void
test_login(void **state)
{
	static const char *const prompts[][2] = {
		{ "Username:", "Password:" }, { "User Name\0", "Password\0" },
		{ "Benutzer", "Kennwort" }, { "", "" },
		{ "Password:", "Username:" },
	};
	struct setup s;
	struct sasl *c;
	struct err err;
	struct buf out;
	size_t i;

	(void)state;
	set_up(&s, "secret");
	buf_init(&out, SASL_LINE_MAX);
	for (i = 0; i < NELEM(prompts); i++) {
		buf_reset(&out);
		assert_int_equal(sasl_start(&s.facts, "LOGIN", &c, &out, &err),
		    0);
		assert_int_equal(out.n, 0);
		assert_int_equal(sasl_finish(c, &err), -1);
		step64(c, prompts[i][0], &out, &err, 0);
		assert_string_equal(plain_of(&out), "joe");
		assert_int_equal(sasl_finish(c, &err), -1);
		step64(c, prompts[i][1], &out, &err, 0);
		assert_string_equal(plain_of(&out), "secret");
		assert_int_equal(sasl_finish(c, &err), 0);
		step64(c, "Again:", &out, &err, -1);
		sasl_free(c);
	}
	buf_free(&out);
	tear_down(&s);
}

static void
test_plain(void **state)
{
	struct setup s;
	struct sasl *c;
	struct err err;
	struct buf out, first;

	(void)state;
	set_up(&s, "secret");
	buf_init(&out, SASL_LINE_MAX);
	buf_init(&first, SASL_LINE_MAX);
	assert_int_equal(sasl_start(&s.facts, "PLAIN", &c, &first, &err), 0);
	assert_string_equal(buf_str(&first), "AGpvZQBzZWNyZXQ=");
	assert_int_equal(sasl_finish(c, &err), 0);
	/* A server that does not read it gets it once more, and no more. */
	step64(c, "", &out, &err, 0);
	assert_string_equal(buf_str(&out), buf_str(&first));
	step64(c, "", &out, &err, -1);
	sasl_free(c);
	buf_reset(&first);
	assert_int_equal(sasl_start(&s.facts, "PLAIN", &c, &first, &err), 0);
	step64(c, "Password:", &out, &err, -1);
	sasl_free(c);
	buf_free(&out);
	buf_free(&first);
	tear_down(&s);
}

static void
test_external(void **state)
{
	struct setup s;
	struct sasl *c;
	struct err err;
	struct buf out;

	(void)state;
	set_up(&s, "");
	buf_init(&out, SASL_LINE_MAX);
	assert_int_equal(sasl_start(&s.facts, "EXTERNAL", &c, &out, &err), 0);
	assert_string_equal(buf_str(&out), "am9l");
	sasl_free(c);
	free(s.secrets.user);
	s.secrets.user = NULL;
	buf_reset(&out);
	assert_int_equal(sasl_start(&s.facts, "EXTERNAL", &c, &out, &err), 0);
	assert_string_equal(buf_str(&out), "=");
	buf_reset(&out);
	assert_int_equal(sasl_step(c, "", 0, &out, &err), 0);
	assert_string_equal(buf_str(&out), "");
	sasl_free(c);
	buf_free(&out);
	tear_down(&s);
}

static void
test_oauth(void **state)
{
	static const struct {
		const char *mech, *user, *want, *answer;
	} cases[] = {
		{ "XOAUTH2", "joe@example.com",
		    "user=joe@example.com\001auth=Bearer to.k~e+n/=\001\001",
		    "" },
		{ "OAUTHBEARER", "j,o=e", "n,a=j=2Co=3De,\001"
		    "host=smtp.example.com\001port=587\001"
		    "auth=Bearer to.k~e+n/=\001\001", "AQ==" },
	};
	static const char *const bad[] = { "a b", "a\001b", "a\r\nb",
		"\xc3\xa4", "a\tb" };
	struct setup s;
	struct sasl *c;
	struct err err;
	struct buf out;
	size_t i, j;

	(void)state;
	buf_init(&out, SASL_LINE_MAX);
	for (i = 0; i < NELEM(cases); i++) {
		set_up(&s, "");
		free(s.secrets.user);
		s.secrets.user = strdup(cases[i].user);
		buf_adds(&s.secrets.token, "to.k~e+n/=");
		buf_reset(&out);
		assert_int_equal(sasl_start(&s.facts, cases[i].mech, &c, &out,
		    &err), 0);
		assert_string_equal(plain_of(&out), cases[i].want);
		assert_int_equal(sasl_finish(c, &err), 0);
		step64(c, "{\"status\":\"401\"}", &out, &err, 0);
		assert_string_equal(buf_str(&out), cases[i].answer);
		assert_int_equal(sasl_finish(c, &err), -1);
		step64(c, "{\"status\":\"401\"}", &out, &err, -1);
		sasl_free(c);
		for (j = 0; j < NELEM(bad); j++) {
			buf_reset(&s.secrets.token);
			buf_adds(&s.secrets.token, bad[j]);
			check(sasl_start(&s.facts, cases[i].mech, &c, &out,
			    &err) == -1, "token row %zu", j);
			check(strchr(err.text, '\001') == NULL, "%s",
			    err.text);
		}
		tear_down(&s);
	}
	buf_free(&out);
}

static void
test_challenges(void **state)
{
	static const char *const bad[] = { "=", "a", "ab", "abc", "a bc",
		"PGZvbz4", "PGZvbz4=\r", "***", "PGZv bz4=" };
	struct setup s;
	struct sasl *c;
	struct err err;
	struct buf out, big;
	size_t i;

	(void)state;
	set_up(&s, "secret");
	buf_init(&out, SASL_LINE_MAX);
	buf_init(&big, 2000000);
	assert_int_equal(sasl_start(&s.facts, "CRAM-MD5", &c, &out, &err), 0);
	for (i = 0; i < NELEM(bad); i++)
		check(sasl_step(c, bad[i], strlen(bad[i]), &out, &err) == -1,
		    "'%s'", bad[i]);
	sasl_free(c);
	for (i = 0; i < 1048576; i++)
		buf_addc(&big, 'A');
	assert_int_equal(sasl_start(&s.facts, "CRAM-MD5", &c, &out, &err), 0);
	assert_int_equal(sasl_step(c, big.p, 1048576, &out, &err), -1);
	assert_int_equal(sasl_step(c, big.p, 12292, &out, &err), -1);
	assert_int_equal(sasl_step(c, big.p, 8192, &out, &err), 0);
	sasl_free(c);
	/* Steps without end. */
	assert_int_equal(sasl_start(&s.facts, "CRAM-MD5", &c, &out, &err), 0);
	for (i = 0; i <= SASL_STEPS_MAX; i++)
		(void)sasl_step(c, "", 0, &out, &err);
	assert_true(strstr(err.text, "come to an end") != NULL);
	sasl_free(c);
	buf_free(&big);
	buf_free(&out);
	tear_down(&s);
}

static void
test_never(void **state)
{
	static const char *const never[] = { "NTLM", "DIGEST-MD5", "ANONYMOUS",
		"SECURID", "SAML20", "OPENID20", "GS2-KRB5", "", "X" };
	struct setup s;
	struct sasl *c = NULL;
	struct err err;
	struct buf out;
	size_t i;

	(void)state;
	set_up(&s, "secret");
	buf_init(&out, SASL_LINE_MAX);
	for (i = 0; i < NELEM(never); i++)
		check(sasl_start(&s.facts, never[i], &c, &out, &err) == -1,
		    "%s", never[i]);
	assert_null(c);
	buf_free(&out);
	tear_down(&s);
}

static void
test_scram_check(void **state)
{
	static const struct { const char *in; bool want; } cases[] = {
		{ "r=abcXYZ,s=c2FsdA==,i=4096", true },
		{ "r=abcXYZ,s=c2FsdA==,i=600000", true },
		{ "r=abcXYZ,s=c2FsdA==,i=4096,x=more", true },
		{ "r=abcXYZ,s=c2FsdA==,i=600001", false },
		{ "r=abcXYZ,s=c2FsdA==,i=0", false },
		{ "r=abcXYZ,s=c2FsdA==,i=1", false },
		{ "r=abcXYZ,s=c2FsdA==,i=4095", false },
		{ "r=abcXYZ,s=c2FsdA==,i=1000000000", false },
		{ "r=abcXYZ,s=c2FsdA==,i=4294967296", false },
		{ "r=abcXYZ,s=c2FsdA==,i=4294971392", false },
		{ "r=abcXYZ,s=c2FsdA==,i=99999999999999999999", false },
		{ "r=abcXYZ,s=c2FsdA==,i=-4096", false },
		{ "r=abcXYZ,s=c2FsdA==,i=04096", false },
		{ "r=abcXYZ,s=c2FsdA==,i=4096x", false },
		{ "r=abcXYZ,s=c2FsdA==,i= 4096", false },
		{ "r=abcXYZ,s=c2FsdA==,i=", false },
		{ "r=abcXYZ,s=c2FsdA==", false },
		{ "r=abcXYZ,s=c2FsdA==,", false },
		{ "r=abc,s=c2FsdA==,i=4096", false },
		{ "r=abXYZ,s=c2FsdA==,i=4096", false },
		{ "r=XYZabc,s=c2FsdA==,i=4096", false },
		{ "r=,s=c2FsdA==,i=4096", false },
		{ "r=abcXYZ,s=,i=4096", false },
		{ "r=abcXYZ,s=***,i=4096", false },
		{ "r=abcXYZ,i=4096,s=c2FsdA==", false },
		{ "s=c2FsdA==,r=abcXYZ,i=4096", false },
		{ "m=x,r=abcXYZ,s=c2FsdA==,i=4096", false },
		{ "e=other-error", false },
		{ "v=c2FsdA==", false },
		{ "", false }, { "r", false }, { "r=", false }, { ",", false },
	};
	struct slice nonce = { "abc", 3 };
	struct err err;
	char cut[64];
	size_t i, n;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		check((sasl_scram_check(cases[i].in, strlen(cases[i].in),
		    nonce, &err) == 0) == cases[i].want, "'%s': %s",
		    cases[i].in, err.text);
		/* No byte behind the end is looked at, nor needed. */
		for (n = 0; n < strlen(cases[i].in) && n < 25; n++) {
			memcpy(cut, cases[i].in, n);
			check(sasl_scram_check(cut, n, nonce, &err) == -1,
			    "'%s' cut at %zu", cases[i].in, n);
		}
	}
	assert_int_equal(sasl_scram_check("r=abcX,s=c2FsdA==\0,i=4096", 26,
	    nonce, &err), -1);
	assert_int_equal(sasl_scram_nonce("n,,n=joe,r=abc", 14).n, 3);
	assert_int_equal(sasl_scram_nonce("n,,n=joe,r=abc,x=y", 18).n, 3);
	assert_int_equal(sasl_scram_nonce("n,,n=joe", 8).n, 0);
	assert_int_equal(sasl_scram_check("r=abcXYZ,s=c2FsdA==,i=4096", 26,
	    sasl_scram_nonce("n,,", 3), &err), -1);
}

/* A server's moves after a good beginning. */
static void
test_scram_server(void **state)
{
	static const struct { const char *name, *final; } cases[] = {
		{ "wrong signature",
		    "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
		{ "short signature", "v=AAAA" },
		{ "error", "e=invalid-proof" },
		{ "nothing", "" },
		{ "first again", "r=abc,s=c2FsdA==,i=4096" },
	};
	struct setup s;
	struct sasl *c;
	struct err err;
	struct buf out, first;
	char server[200];
	const char *nonce;
	size_t i;

	(void)state;
	set_up(&s, "pencil");
	buf_init(&out, SASL_LINE_MAX);
	for (i = 0; i < NELEM(cases); i++) {
		buf_init(&first, SASL_LINE_MAX);
		assert_int_equal(sasl_start(&s.facts, "SCRAM-SHA-256", &c,
		    &first, &err), 0);
		nonce = strstr(plain_of(&first), "r=") + 2;
		(void)snprintf(server, sizeof(server),
		    "r=%sSERVER,s=c2FsdA==,i=4096", nonce);
		step64(c, server, &out, &err, 0);
		assert_true(strstr(plain_of(&out), "p=") != NULL);
		/* 235 now would be a server that has proved nothing. */
		assert_int_equal(sasl_finish(c, &err), -1);
		assert_true(strstr(err.text, "without a proof") != NULL);
		step64(c, cases[i].final, &out, &err, -1);
		check(strstr(err.text, "pencil") == NULL, "%s", err.text);
		assert_int_equal(sasl_finish(c, &err), -1);
		sasl_free(c);
		buf_free(&first);
	}
	buf_free(&out);
	tear_down(&s);
}

/* The most that a server can make us compute, in time. */
static void
test_scram_cost(void **state)
{
	struct setup s;
	struct sasl *c;
	struct err err;
	struct buf out, first;
	char server[200];
	int64_t start;

	(void)state;
	set_up(&s, "pencil");
	buf_init(&out, SASL_LINE_MAX);
	buf_init(&first, SASL_LINE_MAX);
	assert_int_equal(sasl_start(&s.facts, "SCRAM-SHA-256", &c, &first,
	    &err), 0);
	(void)snprintf(server, sizeof(server), "r=%sS,s=c2FsdA==,i=%d",
	    strstr(plain_of(&first), "r=") + 2, SASL_SCRAM_ITER_MAX);
	start = clock_tick_ms();
	step64(c, server, &out, &err, 0);
	print_message("%d iterations: %lld ms\n", SASL_SCRAM_ITER_MAX,
	    (long long)(clock_tick_ms() - start));
	assert_true(clock_tick_ms() - start < 20000);
	sasl_free(c);
	buf_free(&out);
	buf_free(&first);
	tear_down(&s);
}

static void
test_password_bytes(void **state)
{
	struct setup s;
	struct sasl *c = NULL;
	struct err err;
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, SASL_LINE_MAX);
	set_up(&s, "bad\001byte");
	assert_int_equal(sasl_start(&s.facts, "SCRAM-SHA-256", &c, &out,
	    &err), 0);
	sasl_free(c);
	tear_down(&s);
	set_up(&s, "");
	for (i = 0; i < 1024; i++)
		buf_addc(&s.secrets.password, (char)('!' + i % 90));
	buf_reset(&out);
	assert_int_equal(sasl_start(&s.facts, "PLAIN", &c, &out, &err), 0);
	assert_int_equal(strlen(plain_of(&out) + 5), 1024);
	sasl_free(c);
	tear_down(&s);
	buf_free(&out);
}

CHECK_MAIN(cmocka_unit_test(test_exchanges),
    cmocka_unit_test(test_wrong_binding), cmocka_unit_test(test_choose),
    cmocka_unit_test(test_login), cmocka_unit_test(test_plain),
    cmocka_unit_test(test_external), cmocka_unit_test(test_oauth),
    cmocka_unit_test(test_challenges), cmocka_unit_test(test_never),
    cmocka_unit_test(test_scram_check), cmocka_unit_test(test_scram_server),
    cmocka_unit_test(test_scram_cost), cmocka_unit_test(test_password_bytes))

/* SPDX-License-Identifier: ISC */
/*
 * SCRAM's server-first message and the OAuth messages: pure, by hand. What a
 * server may make us compute is decided here, before the library sees it.
 */
#include <string.h>

#include "core/base/text.h"
#include "core/smtp/sasl_impl.h"

struct slice
sasl_scram_nonce(const char *p, size_t n)
{
	struct slice none = { NULL, 0 };
	const char *r = memmem(p, n, ",r=", 3), *end;

	if (r == NULL)
		return none;
	r += 3;
	n -= (size_t)(r - p);
	end = memchr(r, ',', n);
	return (struct slice){ r, end != NULL ? (size_t)(end - r) : n };
}

/* "x=value" up to a comma or the end, off the front of *s. */
static bool
take_attribute(struct slice *s, char name, struct slice *value)
{
	const char *comma;

	if (s->n < 2 || s->p[0] != name || s->p[1] != '=')
		return false;
	value->p = s->p + 2;
	comma = memchr(value->p, ',', s->n - 2);
	value->n = comma != NULL ? (size_t)(comma - value->p) : s->n - 2;
	s->p += 2 + value->n;
	s->n -= 2 + value->n;
	if (s->n > 0) {
		s->p++;
		s->n--;
	}
	return true;
}

static bool
is_base64(struct slice s)
{
	struct buf b;
	bool ok;

	buf_init(&b, s.n + 1);
	ok = s.n > 0 && text_base64_decode(&b, s.p, s.n);
	buf_free(&b);
	return ok;
}

int
sasl_scram_check(const char *p, size_t n, struct slice nonce,
    struct err *err)
{
	struct slice s = { p, n }, r, salt, iter;
	char shown[80];
	int64_t i;

	if (n >= 2 && p[0] == 'e' && p[1] == '=')
		return err_set(err, ERR_TEMP, "4.7.0", "SCRAM: the server "
		    "says \"%s\"", text_clean_to(shown, sizeof(shown), p + 2,
		    n - 2));
	if (!text_is_line(p, n) || !take_attribute(&s, 'r', &r) ||
	    !take_attribute(&s, 's', &salt) || !take_attribute(&s, 'i', &iter))
		return err_set(err, ERR_PROTO, "4.7.0",
		    "SCRAM: the server's first message is malformed");
	if (nonce.n == 0 || r.n <= nonce.n ||
	    memcmp(r.p, nonce.p, nonce.n) != 0)
		return err_set(err, ERR_PROTO, "4.7.0",
		    "SCRAM: the server's nonce does not go on from ours");
	if (!is_base64(salt))
		return err_set(err, ERR_PROTO, "4.7.0",
		    "SCRAM: the server's salt is malformed");
	if (iter.n == 0 || iter.p[0] == '0' || !text_to_int(iter.p, iter.n, 1,
	    INT64_MAX, &i))
		return err_set(err, ERR_PROTO, "4.7.0",
		    "SCRAM: the server's iteration count is malformed");
	if (i < SASL_SCRAM_ITER_MIN || i > SASL_SCRAM_ITER_MAX)
		return err_set(err, ERR_PROTO, "4.7.0", "SCRAM: the server "
		    "wants %lld iterations: %d to %d are accepted",
		    (long long)i, SASL_SCRAM_ITER_MIN, SASL_SCRAM_ITER_MAX);
	return 0;
}

/* RFC 5801 4: the two characters that a saslname escapes. */
static void
add_saslname(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == ',')
			buf_adds(out, "=2C");
		else if (*s == '=')
			buf_adds(out, "=3D");
		else
			buf_addc(out, *s);
	}
}

int
sasl_oauth_first(const struct sasl_facts *f, bool bearer, struct buf *out,
    struct err *err)
{
	const struct buf *token = &f->secrets->token;
	const char *user = f->secrets->user;
	size_t i;

	/* What separates the fields must not be in one (RFC 6750 2.1). */
	for (i = 0; i < token->n; i++)
		if (!text_is_print(token->p[i]) || token->p[i] == ' ')
			return err_set(err, ERR_TEMP, "4.7.0", "the token has "
			    "a byte that no token may have");
	if (!text_is_line(user, strlen(user)))
		return err_set(err, ERR_TEMP, "4.7.0",
		    "user has a control character");
	if (bearer) {
		buf_adds(out, "n,a=");
		add_saslname(out, user);
		buf_addf(out, ",\001host=%s\001port=%d\001auth=Bearer ",
		    f->host, f->port);
	} else {
		buf_addf(out, "user=%s\001auth=Bearer ", user);
	}
	buf_add(out, token->p, token->n);
	buf_adds(out, "\001\001");
	return 0;
}

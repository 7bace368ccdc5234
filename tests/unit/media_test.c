/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tests/check.h"

#include "core/base/clock.h"
#include "core/base/rand.h"
#include "core/mail/media.h"

static void
test_type(void **state)
{
	/* boundary: NULL for none */
	static const struct { const char *in, *type, *boundary; } c[] = {
		{ "text/plain", "text/plain", NULL },
		{ "Text / Plain ; charset=x", "text/plain", NULL },
		{ "multipart/report; boundary=abc", "multipart/report", "abc" },
		{ "m/r; x=y; Boundary=\"a b\"", "m/r", "a b" },
		{ "m/r; boundary=\"a\\\"b\"", "m/r", "a\"b" },
		{ "m/r;\r\n\tboundary=abc (comment)", "m/r", "abc" },
		{ "m/r (x); (y) boundary (z) = abc", "m/r", "abc" },
		{ "m/r; ; boundary=abc", "m/r", "abc" },
		{ "m/r; boundary=", "m/r", NULL },
		{ "m/r; boundary=\"abc", "m/r", NULL },
		{ "m/r boundary=abc", "m/r", NULL },
		{ "m/r; x=\"boundary=no\"; boundary=abc", "m/r", "abc" },
		{ "text", "", NULL }, { "", "", NULL }, { "/x", "", NULL },
		{ "text/", "", NULL },
	};
	char type[MEDIA_TYPE_SIZE], boundary[MEDIA_BOUNDARY_SIZE];
	struct header_field f = { 0 };
	bool got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(c); i++) {
		f.body = slice_of(c[i].in);
		media_type(&f, type);
		got = media_param(&f, "boundary", boundary, sizeof(boundary));
		check(strcmp(type, c[i].type) == 0 &&
		    got == (c[i].boundary != NULL) &&
		    (!got || strcmp(boundary, c[i].boundary) == 0),
		    "%s: %s", c[i].in, type);
	}
}

#define MULTI "Content-Type: multipart/mixed; boundary=B\r\n"

static void
test_parts(void **state)
{
	/* want: "type[body]" for each */
	static const struct {
		const char *name, *header, *body, *want;
		bool open;
	} c[] = {
		{ "no MIME", "To: x\r\n", "hello\r\n", "text/plain[hello\r\n]",
		    false },
		{ "one leaf", "Content-Type: text/html\r\n", "x",
		    "text/html[x]", false },
		{ "two", MULTI, "pre\r\n--B\r\n\r\na\r\n--B\r\nContent-Type: "
		    "image/png\r\n\r\nb\r\n\r\n--B--\r\nepi\r\n",
		    "text/plain[a]image/png[b\r\n]", false },
		{ "LF only", "Content-Type: multipart/x;\n boundary=B\n",
		    "--B\n\na\n--B--\n", "text/plain[a]", false },
		{ "not closed", MULTI, "--B\r\n\r\na\r\n", "text/plain[a\r\n]",
		    true },
		{ "no parts", MULTI, "hello\r\n", "", true },
		{ "nested", MULTI, "--B\r\nContent-Type: multipart/x; "
		    "boundary=C\r\n\r\n--C\r\n\r\na\r\n--C\r\n\r\nb\r\n"
		    "--C--\r\n\r\n--B\r\n\r\nc\r\n--B--\r\n",
		    "text/plain[a]text/plain[b]text/plain[c]", false },
		{ "inner not closed", MULTI, "--B\r\nContent-Type: "
		    "multipart/x; boundary=C\r\n\r\n--C\r\n\r\na\r\n--B\r\n"
		    "\r\nc\r\n--B--\r\n",
		    "text/plain[a]text/plain[c]", false },
		{ "boundary that begins another", MULTI, "--B\r\n\r\na\r\n"
		    "--BB\r\nx\r\n--B--\r\n",
		    "text/plain[a\r\n--BB\r\nx]", false },
		{ "blanks behind", MULTI, "--B \t\r\n\r\na\r\n--B-- \r\n",
		    "text/plain[a]", false },
		{ "no empty line", MULTI, "--B\r\nX: y\r\n--B--\r\n",
		    "text/plain[]", false },
		{ "empty part", MULTI, "--B\r\n\r\n--B--\r\n", "text/plain[]",
		    false },
		{ "no boundary", "Content-Type: multipart/mixed\r\n", "a", "",
		    false },
	};
	static struct media_part parts[MEDIA_PARTS];
	struct buf b;
	bool open;
	size_t i, j, n;

	(void)state;
	buf_init(&b, 10000);
	for (i = 0; i < NELEM(c); i++) {
		buf_reset(&b);
		n = media_parts(slice_of(c[i].header), slice_of(c[i].body),
		    parts, &open);
		for (j = 0; j < n; j++) {
			buf_addf(&b, "%s[", parts[j].type);
			buf_add(&b, parts[j].body.p, parts[j].body.n);
			buf_addc(&b, ']');
		}
		check(open == c[i].open && strcmp(buf_str(&b), c[i].want) == 0,
		    "%s: %s", c[i].name, buf_str(&b));
	}
	buf_free(&b);
}

static void
test_decode(void **state)
{
	static const struct { const char *how, *in, *want; } c[] = {
		{ "", "a=3Db", "a=3Db" }, { "7bit", "a=3Db", "a=3Db" },
		{ "Quoted-Printable", "a=3Db=\r\nc= \nd=zz=", "a=bcd=zz=" },
		{ "base64", "Zm9v\r\nYmFy\r\n", "foobar" },
	};
	struct media_part part;
	struct buf b;
	char header[100];
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEM(c); i++) {
		(void)snprintf(header, sizeof(header),
		    "Content-Transfer-Encoding: %s\r\n", c[i].how);
		part.header = slice_of(header);
		part.body = slice_of(c[i].in);
		buf_reset(&b);
		media_decode(&part, &b);
		check(strcmp(buf_str(&b), c[i].want) == 0, "%s: %s", c[i].how,
		    buf_str(&b));
	}
	buf_free(&b);
}

static void
test_random(void **state)
{
	static const char *const bits[] = { "--B", "--C", "--", "\r\n", "\n",
		"Content-Type: multipart/x; boundary=C\r\n", "\r\n\r\n", "x",
		"Content-Type: text/plain\r\n", "=", "Zm9v",
		"Content-Transfer-Encoding: base64\r\n" };
	static struct media_part parts[MEDIA_PARTS];
	struct buf b, d;
	bool open;
	size_t i, j, n;
	char *copy;

	(void)state;
	for (i = 0; i < 20000; i++) {
		buf_init(&b, 10000);
		for (j = rand_u32() % 60; j > 0; j--)
			buf_adds(&b, bits[rand_u32() % NELEM(bits)]);
		copy = malloc(b.n + 1);
		memcpy(copy, buf_str(&b), b.n);
		n = media_parts(slice_of(MULTI), (struct slice){ copy, b.n },
		    parts, &open);
		for (j = 0; j < n; j++) {
			assert_true(parts[j].body.p >= copy &&
			    parts[j].body.p + parts[j].body.n <= copy + b.n);
			buf_init(&d, 10000);
			media_decode(&parts[j], &d);
			buf_free(&d);
		}
		free(copy);
		buf_free(&b);
	}
}

/* Deep, many, long: linear, and within its bounds. */
static void
test_bounds(void **state)
{
	static struct media_part parts[MEDIA_PARTS];
	int64_t start = clock_tick_ms();
	struct buf b;
	bool open;
	size_t i;

	(void)state;
	buf_init(&b, 64 << 20);
	for (i = 0; i < 100000; i++)
		buf_adds(&b, "--B\r\n" MULTI "\r\n");
	(void)media_parts(slice_of(MULTI), buf_slice(&b), parts, &open);
	buf_reset(&b);
	for (i = 0; i < 300000; i++)
		buf_adds(&b, "--B\r\n\r\n");
	assert_int_equal(media_parts(slice_of(MULTI), buf_slice(&b), parts,
	    &open), MEDIA_PARTS);
	buf_reset(&b);
	for (i = 0; i < 1000000; i++)
		buf_adds(&b, "--\n");
	assert_int_equal(media_parts(slice_of(MULTI), buf_slice(&b), parts,
	    &open), 0);
	buf_free(&b);
	assert_true(clock_tick_ms() - start < 10000);
}

CHECK_MAIN(cmocka_unit_test(test_type), cmocka_unit_test(test_parts),
    cmocka_unit_test(test_decode), cmocka_unit_test(test_random),
    cmocka_unit_test(test_bounds))

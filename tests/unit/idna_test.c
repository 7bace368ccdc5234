/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tests/check.h"

#include "core/base/mem.h"
#include "core/mail/addr.h"
#include "core/mail/idna.h"

static void
test_idna(void **state)
{
	static const struct { const char *in, *want; } c[] = {
		{ "a@b.example", "a@b.example" },
		{ "root", "root" },
		{ "", "" },
		{ "a@b\xc3\xbc" "cher.example", "a@xn--bcher-kva.example" },
		{ "a@B\xc3\x9c" "cher.EXAMPLE", "a@xn--bcher-kva.example" },
		{ "a@bu\xcc\x88" "cher.example", "a@xn--bcher-kva.example" },
		{ "a@fa\xc3\x9f.example", "a@xn--fa-hia.example" },
		{ "\xc3\xa4@\xe4\xbe\x8b.example", "\xc3\xa4@xn--fsq.example" },
		{ "\"x@\xc3\xa4\"@\xe4\xbe\x8b", "\"x@\xc3\xa4\"@xn--fsq" },
		{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
		{ "a@\xe2\x98\xba.example", NULL },
		{ "a@\xff.example", NULL },
		{ "a@\xc3\xa4 b", NULL },
		{ "a@\xc3\xa4..b", NULL },
		{ "a@\xc3\xa4>b", NULL },
		{ "a@\xc3\xa4_b", "a@xn--_b-uia" },
	};
	struct err err;
	char *out;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(c); i++) {
		out = NULL;
		check((idna_addr(c[i].in, &out, &err) == 0) ==
		    (c[i].want != NULL) &&
		    strcmp(out != NULL ? out : "none",
		    c[i].want != NULL ? c[i].want : "none") == 0,
		    "%s: %s %s", c[i].in, out != NULL ? out : "none", err.text);
		mem_free(out);
	}
}

/* What grew too long, or is too long for a label. */
static void
test_long(void **state)
{
	char in[400] = "a@";
	struct err err;
	char *out = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < 40; i++)
		memcpy(in + 2 + 6 * i, "\xc3\xa4" "bcd.", 6);
	in[2 + 6 * 40 - 1] = '\0';
	assert_true(strlen(in) <= ADDR_MAX);
	assert_int_equal(idna_addr(in, &out, &err), -1);
	assert_int_equal(err.kind, ERR_PERM);
	assert_null(out);
}

CHECK_MAIN(cmocka_unit_test(test_idna), cmocka_unit_test(test_long))

/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>

#include <idn2.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/idna.h"

/* libidn2 lets empty labels through, and with IDN2_USE_STD3_ASCII_RULES drops
 * the signs that it should refuse: so without, and the result is judged. */
static bool
is_good(const char *ascii)
{
	char *addr = addr_complete("x", ascii);
	bool good = addr_judge(addr, strlen(addr), false) == NULL;

	mem_free(addr);
	return good;
}

static int
to_alabels(const char *domain, char **out, struct err *err)
{
	char shown[200];
	uint8_t *ascii = NULL;
	const char *why;
	int rc;

	if (text_is_ascii(domain, strlen(domain))) {
		*out = mem_str(domain);
		return 0;
	}
	rc = idn2_lookup_u8((const uint8_t *)domain, &ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_MALLOC)
		mem_fail();
	if (rc == IDN2_OK && is_good((const char *)ascii)) {
		*out = mem_str((const char *)ascii);
		idn2_free(ascii);
		return 0;
	}
	why = rc != IDN2_OK ? idn2_strerror(rc) : "not a valid domain";
	idn2_free(ascii);
	return err_set(err, ERR_PERM, "5.1.2", "domain %s: %s",
	    text_clean_to(shown, sizeof(shown), domain, strlen(domain)), why);
}

int
idna_addr(const char *addr, char **out, struct err *err)
{
	const char *at = addr_at(addr);
	char *domain = NULL;
	size_t n;

	if (at == NULL) {
		*out = mem_str(addr);
		return 0;
	}
	if (to_alabels(at + 1, &domain, err) == -1)
		return -1;
	n = (size_t)(at + 1 - addr);
	*out = mem_zero(n + strlen(domain) + 1);
	memcpy(*out, addr, n);
	memcpy(*out + n, domain, strlen(domain));
	mem_free(domain);
	if (strlen(*out) <= ADDR_MAX)
		return 0;
	mem_free(*out);
	*out = NULL;
	return err_set(err, ERR_PERM, "5.1.2",
	    "address over 254 octets with its domain in ASCII");
}

/* SPDX-License-Identifier: ISC */
/* Any bytes as an address list: what comes out is fit for the wire, and read
 * alone it is the same address again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/mail/addr.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_item(const struct addr_item *item)
{
	struct err err;
	char *full, *again;

	if (item->addr == NULL || item->addr[0] == '\0')
		return;
	full = addr_complete(item->addr, "x.example");
	if (addr_check(full, &err) == -1 ||
	    addr_parse(full, strlen(full), &again, &err) == -1 ||
	    strcmp(again, full) != 0)
		abort();
	mem_free(again);
	mem_free(full);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct addr_list l;
	struct err err;
	char *one;
	size_t i;

	addr_list_parse(&l, (const char *)p, n);
	for (i = 0; i < l.n; i++)
		check_item(&l.v[i]);
	addr_list_free(&l);
	if (addr_parse((const char *)p, n, &one, &err) == 0)
		mem_free(one);
	return 0;
}

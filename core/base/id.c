/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/id.h"
#include "core/base/rand.h"
#include "core/base/text.h"

void
id_make(char out[ID_SIZE])
{
	(void)snprintf(out, ID_SIZE, "%014llX%06X",
	    (unsigned long long)clock_wall_us() & 0xffffffffffffffULL,
	    rand_u32() & 0xffffffU);
}

void
id_make_gate(char out[ID_SIZE], uint32_t uid)
{
	id_make(out);
	(void)snprintf(out + ID_LEN, ID_SIZE - ID_LEN, "%08X", uid);
}

bool
id_check(const char *p, size_t n)
{
	size_t i;

	if (n != ID_LEN && n != ID_GATE_LEN)
		return false;
	for (i = 0; i < n; i++)
		if (!text_is_digit(p[i]) && (p[i] < 'A' || p[i] > 'F'))
			return false;
	return true;
}

bool
id_uid(const char *id, uint32_t *uid)
{
	uint32_t v = 0;
	size_t i;

	if (strlen(id) != ID_GATE_LEN)
		return false;
	for (i = ID_LEN; i < ID_GATE_LEN; i++)
		v = v << 4 | (uint32_t)text_hex_value(id[i]);
	*uid = v;
	return true;
}

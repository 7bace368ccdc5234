/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/base/rand.h"

void
rand_bytes(void *p, size_t n)
{
	while (getrandom(p, n, 0) != (ssize_t)n)
		if (errno != EINTR)
			abort();
}

uint32_t
rand_u32(void)
{
	uint32_t v;

	rand_bytes(&v, sizeof(v));
	return v;
}

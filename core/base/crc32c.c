/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "core/base/crc32c.h"

#if defined(__x86_64__)
#include <nmmintrin.h>

/* The processor's own instruction does 8 bytes a step. */
__attribute__((target("sse4.2"))) static uint32_t
crc_hard(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t c = crc, v;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&v, p, 8);
		c = _mm_crc32_u64(c, v);
	}
	for (; n > 0; n--, p++)
		c = _mm_crc32_u8((uint32_t)c, *p);
	return (uint32_t)c;
}

static int
have_hard(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#else
static uint32_t
crc_hard(uint32_t crc, const unsigned char *p, size_t n)
{
	(void)p;
	(void)n;
	return crc;
}

static int
have_hard(void)
{
	return 0;
}
#endif

/* A nibble at a time: a table that fits a cache line and a reader. */
static uint32_t
crc_soft(uint32_t crc, const unsigned char *p, size_t n)
{
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};

	for (; n > 0; n--, p++) {
		crc ^= *p;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	crc = ~crc;
	crc = have_hard() ? crc_hard(crc, p, n) : crc_soft(crc, p, n);
	return ~crc;
}

/* SPDX-License-Identifier: ISC */
/*
 * crc32c - the Castagnoli checksum, which guards queue files.
 *
 * Source	RFC 3720 appendix B.4 (polynomial 0x1EDC6F41, reflected)
 * Pure
 */
#ifndef CORE_BASE_CRC32C_H
#define CORE_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Start with 0; feed the last result to go on. */
uint32_t	crc32c(uint32_t crc, const void *p, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * rand - unpredictable bytes from the kernel; no bytes, no process.
 */
#ifndef CORE_BASE_RAND_H
#define CORE_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

void		rand_bytes(void *p, size_t n);	/* n <= 256 */
uint32_t	rand_u32(void);

#endif

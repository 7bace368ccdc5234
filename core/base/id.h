/* SPDX-License-Identifier: ISC */
/*
 * id - the name of a message.
 *
 * Shape	20 upper-case hexadecimal digits: 14 of the microseconds since
 *		1970, 6 at random. A message handed in through the gate has 8
 *		more: the uid that the kernel named, so that no writer of the
 *		file can claim another.
 * Pure		id_check and id_uid; id_make asks clock and rand
 */
#ifndef CORE_BASE_ID_H
#define CORE_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ID_LEN = 20,
	ID_GATE_LEN = 28,
	ID_SIZE = 32,			/* bytes that hold any id and its NUL */
};

void	id_make(char out[ID_SIZE]);
void	id_make_gate(char out[ID_SIZE], uint32_t uid);

bool	id_check(const char *p, size_t n);

/* The uid inside a gate id; false for an ordinary id. */
bool	id_uid(const char *id, uint32_t *uid);

#endif

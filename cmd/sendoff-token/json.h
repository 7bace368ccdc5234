/* SPDX-License-Identifier: ISC */
/*
 * json - a member of one JSON object, read strictly.
 *
 * Shape	RFC 8259; the text is one object and nothing else but blanks
 * Limits	JSON_DEPTH_MAX
 * Pure		no I/O, no state; any bytes may be given
 */
#ifndef CMD_SENDOFF_TOKEN_JSON_H
#define CMD_SENDOFF_TOKEN_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"

enum {
	JSON_DEPTH_MAX = 32,
};

bool	json_check(const char *p, size_t n);

/* The value of the object's own member of that name (of two, the first), added
 * to *out. False, nothing certain added, when there is none, when it is not
 * of that type, or when the text is not JSON as a whole. */
bool	json_string(const char *p, size_t n, const char *name,
	    struct buf *out);
bool	json_int(const char *p, size_t n, const char *name, int64_t *out);

#endif

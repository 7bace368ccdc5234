/* SPDX-License-Identifier: ISC */
/*
 * io - whole reads and whole writes at an offset, over fs.
 *
 * Errors	ERR_TEMP; a write that does not move on is one (EIO)
 */
#ifndef QUEUE_IO_H
#define QUEUE_IO_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

int	io_write(int fd, const char *p, size_t n, int64_t off, struct err *);

/* Reads up to n bytes, fewer only at the end of the file; *got says. */
int	io_read(int fd, char *p, size_t n, int64_t off, size_t *got,
	    struct err *);

#endif

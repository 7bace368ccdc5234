/* SPDX-License-Identifier: ISC */
/*
 * file - a small regular file, read whole.
 *
 * Links are followed; a FIFO or a device is refused instead of waited for.
 *
 * Errors	ERR_TEMP, with sys where the system refused; "4.3.5" for what is
 *		no regular file, or over the cap of the buf
 */
#ifndef CORE_BASE_FILE_H
#define CORE_BASE_FILE_H

#include "core/base/buf.h"
#include "core/base/err.h"

int	file_read(const char *path, struct buf *, struct err *);

#endif

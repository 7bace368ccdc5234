/* SPDX-License-Identifier: ISC */
/*
 * compat - the compiler attributes and system differences, here only.
 */
#ifndef CORE_BASE_COMPAT_H
#define CORE_BASE_COMPAT_H

#include <stddef.h>

#define PRINTF_LIKE(fmt, args)	__attribute__((format(printf, fmt, args)))
#define MUST_CHECK		__attribute__((warn_unused_result))

#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

#endif

/* SPDX-License-Identifier: ISC */
/*
 * compat - the compiler attributes and system differences, here only.
 */
#ifndef CORE_BASE_COMPAT_H
#define CORE_BASE_COMPAT_H

#include <stddef.h>
#include <sys/syscall.h>

#define PRINTF_LIKE(fmt, args)	__attribute__((format(printf, fmt, args)))

/* The code that audit and seccomp know this machine by; 0: not known here. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define COMPAT_AUDIT_ARCH	0xc000003eu
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define COMPAT_AUDIT_ARCH	0xc00000b7u
#elif defined(__riscv) && __riscv_xlen == 64
#define COMPAT_AUDIT_ARCH	0xc00000f3u
#else
#define COMPAT_AUDIT_ARCH	0u
#endif

/* System calls that younger architectures never had; no call has this number. */
#define COMPAT_SYS_NONE		(-1)
#ifdef SYS_open
#define COMPAT_SYS_OPEN		SYS_open
#define COMPAT_SYS_STAT		SYS_stat
#define COMPAT_SYS_LSTAT	SYS_lstat
#define COMPAT_SYS_ACCESS	SYS_access
#define COMPAT_SYS_READLINK	SYS_readlink
#define COMPAT_SYS_POLL		SYS_poll
#define COMPAT_SYS_SELECT	SYS_select
#define COMPAT_SYS_TIME		SYS_time
#else
#define COMPAT_SYS_OPEN		COMPAT_SYS_NONE
#define COMPAT_SYS_STAT		COMPAT_SYS_NONE
#define COMPAT_SYS_LSTAT	COMPAT_SYS_NONE
#define COMPAT_SYS_ACCESS	COMPAT_SYS_NONE
#define COMPAT_SYS_READLINK	COMPAT_SYS_NONE
#define COMPAT_SYS_POLL		COMPAT_SYS_NONE
#define COMPAT_SYS_SELECT	COMPAT_SYS_NONE
#define COMPAT_SYS_TIME		COMPAT_SYS_NONE
#endif

/* A sanitizer's run time opens files, maps memory and asks for system calls
 * that the program itself never would. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COMPAT_SANITIZED	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
	__has_feature(thread_sanitizer)
#define COMPAT_SANITIZED	1
#endif
#endif
#ifndef COMPAT_SANITIZED
#define COMPAT_SANITIZED	0
#endif

#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

#endif

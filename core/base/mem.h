/* SPDX-License-Identifier: ISC */
/*
 * mem - memory, or the end of the process.
 *
 * Nobody checks these results: out of memory writes one static line to
 * standard error and exits with mem_exit_status. A program that needs
 * another status defines the constant itself (the front: 75).
 */
#ifndef CORE_BASE_MEM_H
#define CORE_BASE_MEM_H

#include <stddef.h>

extern const int mem_exit_status;	/* EX_OSERR (71) unless overridden */

void	*mem_zero(size_t n);			/* zeroed */
void	*mem_resize(void *p, size_t n);		/* as realloc; n > 0 */
void	*mem_array(void *p, size_t n, size_t size);	/* n * size, checked */
void	*mem_dup(const void *p, size_t n);	/* with a NUL behind it */
char	*mem_str(const char *s);		/* NULL gives NULL */
void	 mem_free(void *p);

_Noreturn void	mem_fail(void);

#endif

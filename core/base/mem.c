/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"

void
mem_fail(void)
{
	static const char line[] = "out of memory\n";
	ssize_t r = write(STDERR_FILENO, line, sizeof(line) - 1);

	(void)r;
	_exit(mem_exit_status);
}

void *
mem_zero(size_t n)
{
	void *p = calloc(1, n != 0 ? n : 1);

	if (p == NULL)
		mem_fail();
	return p;
}

void *
mem_resize(void *p, size_t n)
{
	p = realloc(p, n != 0 ? n : 1);
	if (p == NULL)
		mem_fail();
	return p;
}

void *
mem_array(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		mem_fail();
	return mem_resize(p, n * size);
}

void *
mem_dup(const void *p, size_t n)
{
	char *s;

	if (n == SIZE_MAX)
		mem_fail();
	s = mem_resize(NULL, n + 1);
	if (n != 0)
		memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

char *
mem_str(const char *s)
{
	return s != NULL ? mem_dup(s, strlen(s)) : NULL;
}

void
mem_free(void *p)
{
	free(p);
}

/* SPDX-License-Identifier: ISC */
/* Any bytes as a message that may be a report: no crash, and JSON that is one
 * line of valid UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/mail/report.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	const char *gap = n > 0 ? memmem(p, n, "\n\n", 2) : NULL;
	size_t head = gap != NULL ? (size_t)(gap - p) + 1 : n;
	size_t body = gap != NULL ? head + 1 : n;
	struct report r;
	struct err err;
	struct buf b;

	if (n == 0 || report_parse(&r, (struct slice){ p, head },
	    (struct slice){ p + body, n - body }, &err) == -1)
		return 0;
	buf_init(&b, (size_t)256 << 20);
	report_json(&r, &b);
	if (b.over || !text_is_utf8(b.p, b.n) || !text_is_line(b.p, b.n - 1))
		abort();
	buf_reset(&b);
	report_text(&r, &b);
	buf_free(&b);
	report_free(&r);
	return 0;
}

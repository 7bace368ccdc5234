/* SPDX-License-Identifier: ISC */
/* Any bytes as the header of a message that may ask for a notification: who
 * is told is fit for the wire, and every line of the notification is one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mail/addr.h"
#include "core/mail/mdn.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_lines(const char *p)
{
	const char *lf;

	for (; (lf = strchr(p, '\n')) != NULL; p = lf + 1)
		if (lf[-1] != '\r' || lf - p > 999)
			abort();
	if (*p != '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct mdn m = { .recipient = "me@here.example", .id = "ID",
	    .hostname = "here.example", .type = (enum mdn_type)(n % 6),
	    .automatic_sent = n % 2 == 0 };
	struct slice header = { (const char *)p, n };
	struct mdn_request r;
	struct err err;
	struct buf out;
	size_t i;

	if (n == 0)
		return 0;
	if (mdn_request_read(&r, header, &err) == 0) {
		for (i = 0; i < r.nto; i++)
			if (r.to[i][0] == '\0' ||
			    addr_check(r.to[i], &err) == -1)
				abort();
		if (mdn_check(&r, &m, &err) == 0) {
			buf_init(&out, (size_t)64 << 20);
			/* That the header it returns has CRLF alone is the
			 * normaliser's promise; here it has not. */
			mdn_write(&m, &r, r.to[0], (struct slice){ "", 0 },
			    &out);
			check_lines(buf_str(&out));
			buf_free(&out);
		}
	}
	mdn_request_free(&r);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * A DNS answer of any bytes: the first chooses the type of record, the rest is
 * the message. What comes out is within its bounds, and names are names.
 */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/resolve_answer.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
judge_targets(const struct dns_targets *t)
{
	size_t i, j, n;

	assert(t->n <= DNS_TARGETS_MAX);
	for (i = 0; i < t->n; i++) {
		n = strnlen(t->v[i].host, sizeof(t->v[i].host));
		assert(n < sizeof(t->v[i].host));
		for (j = 0; j < n; j++)
			assert(text_is_alnum(t->v[i].host[j]) ||
			    strchr("-_.", t->v[i].host[j]) != NULL);
		assert(t->v[i].port >= 0 && t->v[i].port <= 65535);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct resolve_tlsa v[RESOLVE_TLSA_MAX];
	struct dns_targets *t;
	struct dns_answer *a;
	size_t i, count;

	if (n < 1 || n - 1 > NS_MAXMSG)
		return 0;
	a = mem_zero(sizeof(*a));
	t = mem_zero(sizeof(*t));
	memcpy(a->bytes, data + 1, n - 1);
	if (dns_answer_read(a, n - 1, "a.test")) {
		if (dns_answer_targets(a, data[0] % 2 == 0 ? ns_t_mx :
		    ns_t_srv, t)) {
			judge_targets(t);
			dns_sort(t);
			judge_targets(t);
		}
		dns_answer_tlsa(a, v, &count);
		assert(count <= RESOLVE_TLSA_MAX);
		for (i = 0; i < count; i++)
			assert(v[i].n >= 1 && v[i].n <= sizeof(v[i].data));
	}
	mem_free(a);
	mem_free(t);
	return 0;
}

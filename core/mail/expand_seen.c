/* SPDX-License-Identifier: ISC */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/expand_seen.h"

enum {
	SLOTS_MIN = 64,
};

/* Domains that differ in case alone have one hash. */
static uint32_t
hash(const char *addr)
{
	const char *at = addr_at(addr), *p;
	uint32_t h = 2166136261;	/* FNV-1a */

	for (p = addr; *p != '\0'; p++) {
		h ^= (unsigned char)(at != NULL && p > at ? text_lower(*p) :
		    *p);
		h *= 16777619;
	}
	return h;
}

/* The slot that holds addr, or the free one where it belongs. */
static uint32_t *
slot_of(const struct expand_seen *s, const struct envelope *env,
    const char *addr)
{
	size_t i = hash(addr) & (s->nslots - 1);

	while (s->slots[i] != 0 &&
	    !addr_eq(env->rcpts[s->slots[i] - 1].addr, addr))
		i = (i + 1) & (s->nslots - 1);
	return &s->slots[i];
}

static void
grow(struct expand_seen *s, size_t nrcpts)
{
	size_t n = s->nslots != 0 ? s->nslots : SLOTS_MIN;

	while (n < 2 * (nrcpts + 1))
		n *= 2;
	if (n == s->nslots)
		return;
	mem_free(s->slots);
	s->slots = mem_zero(n * sizeof(*s->slots));
	s->nslots = n;
	s->n = 0;
}

bool
expand_seen_has(struct expand_seen *s, const struct envelope *env,
    const char *addr)
{
	uint32_t *slot;

	grow(s, env->nrcpts);
	for (; s->n < env->nrcpts; s->n++) {
		slot = slot_of(s, env, env->rcpts[s->n].addr);
		if (*slot == 0)
			*slot = (uint32_t)s->n + 1;
	}
	return *slot_of(s, env, addr) != 0;
}

void
expand_seen_free(struct expand_seen *s)
{
	mem_free(s->slots);
	*s = (struct expand_seen){ 0 };
}

/* SPDX-License-Identifier: ISC */
/*
 * TLS as a script has it: stands in for core/smtp/tls*.c at link time.
 */
#include <stdio.h>
#include <string.h>

#include "core/smtp/tls.h"
#include "tests/dialog/script.h"

int
tls_start(struct tls_ctx *ctx, struct stream *st, const char *const *names,
    size_t nnames, const struct tls_tlsa *tlsa, size_t ntlsa,
    bool unverified, struct tls_peer *peer, struct err *err)
{
	struct script *s = script_of(st);
	enum event_kind kind;

	(void)ctx;
	(void)names;
	(void)nnames;
	(void)tlsa;
	(void)ntlsa;
	script_advance(s);
	kind = s->at < s->n ? s->v[s->at].kind : EVENT_C;
	if (kind != EVENT_T_OK && kind != EVENT_T_UNVERIFIED &&
	    kind != EVENT_T_FAIL) {
		script_wrong(s, "a handshake that nobody expects");
		kind = EVENT_T_FAIL;
	} else {
		s->at++;
	}
	memset(peer, 0, sizeof(*peer));
	peer->verified = kind == EVENT_T_OK;
	if (kind == EVENT_T_FAIL ||
	    (kind == EVENT_T_UNVERIFIED && !unverified)) {
		(void)err_set(&st->err, ERR_TEMP, "4.7.5", "certificate");
		st->failed = true;
		*err = st->err;
		return -1;
	}
	return 0;
}

bool
tls_binding_exporter(const struct stream *s, struct buf *b)
{
	(void)s;
	(void)b;
	return false;
}

bool
tls_binding_unique(const struct stream *s, struct buf *b)
{
	(void)s;
	(void)b;
	return false;
}

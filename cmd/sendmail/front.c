/* SPDX-License-Identifier: ISC */
#include "cmd/sendmail/front.h"
#include "cmd/sendmail/say.h"
#include "core/base/log.h"

int
front_refuse(const struct front *f, const struct err *err)
{
	/* with target = stderr it would be said twice */
	if (f->site.loaded && f->site.conf.log_target != LOG_TO_STDERR)
		log_error("refused: uid=%u: %s", f->caller.uid, err->text);
	return say_err(err);
}

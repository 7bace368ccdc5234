/* SPDX-License-Identifier: ISC */
#include <inttypes.h>

#include "cmd/sendoffd/admit.h"

/* The front queues so many that can be served, and so many that cannot. The
 * whole is judged first: to look at each is to touch a kilobyte for each. */
static bool
has_too_many(const struct queue_msg *msg, int64_t max)
{
	int64_t owed = 0, all = (int64_t)msg->env.nrcpts;

	if (all <= max || all - max > max)
		return all > max;
	for (size_t i = 0; i < msg->env.nrcpts; i++)
		owed += msg->rcpts[i].state == QUEUE_RCPT_OWED;
	return owed > max || all - owed > max;
}

int
admit_check(const struct conf *conf, const struct queue_msg *msg,
    struct err *err)
{
	uint32_t uid;

	/* one that was attempted was admitted once */
	if (!id_uid(msg->env.id, &uid) || msg->attempts != 0)
		return 0;
	if (conf->max_message_size != 0 && msg->size > conf->max_message_size)
		return err_set(err, ERR_DATA, "5.3.4", "message %s: uid %"
		    PRIu32 " handed in %" PRId64 " bytes, over [queue] "
		    "max_message_size", msg->env.id, uid, msg->size);
	if (has_too_many(msg, conf->max_recipients))
		return err_set(err, ERR_DATA, "5.5.3", "message %s: uid %"
		    PRIu32 " handed in %zu recipients, over [queue] "
		    "max_recipients", msg->env.id, uid, msg->env.nrcpts);
	return 0;
}

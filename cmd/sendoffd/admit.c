/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <pwd.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/submit.h"

#include "cmd/sendoffd/admit.h"

enum {
	ENTRY_MAX = 16384,		/* bytes of one passwd entry */
	SHOWN_MAX = 300,		/* bytes of an address in a text */
};

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

/* The sender that the front makes of `given`, or of none. */
static bool
is_sender(const struct conf *conf, uint32_t uid, const char *login,
    const char *given, const char *sender)
{
	struct submit_facts facts = { .conf = conf, .uid = uid,
	    .login = login, .sender = given };
	char *own = submit_sender(&facts);
	bool same = addr_eq(own, sender);

	mem_free(own);
	return same;
}

static bool
is_own(const struct conf *conf, uint32_t uid, const char *login,
    const char *sender)
{
	struct buf b;
	bool own = is_sender(conf, uid, login, NULL, sender);

	buf_init(&b, 2 * ADDR_MAX);
	for (size_t i = 0; !own && i < conf->aliases_local.n; i++) {
		buf_reset(&b);
		buf_addf(&b, "%s@%s", login, conf->aliases_local.v[i]);
		own = !b.over && is_sender(conf, uid, login, buf_str(&b),
		    sender);
	}
	buf_free(&b);
	return own;
}

/*
 * [identity] require_user_from binds who writes the file himself, too. The
 * front does this before it rewrites; here is what it could have led to.
 */
static int
check_sender(const struct conf *conf, uint32_t uid, const char *sender,
    struct err *err)
{
	char space[ENTRY_MAX], shown[SHOWN_MAX];
	struct passwd pw, *found = NULL;

	if (!conf->require_user_from || uid == 0)
		return 0;
	if (getpwuid_r(uid, &pw, space, sizeof(space), &found) != 0)
		found = NULL;
	if (found == NULL) {
		if (is_sender(conf, uid, NULL, NULL, sender))
			return 0;
	} else {
		for (size_t i = 0; i < conf->trusted.n; i++)
			if (strcmp(conf->trusted.v[i], found->pw_name) == 0)
				return 0;
		if (is_own(conf, uid, found->pw_name, sender))
			return 0;
	}
	return err_set(err, ERR_DENIED, "5.7.1", "uid %" PRIu32 " handed in a "
	    "message from <%s>, against [identity] require_user_from", uid,
	    text_clean_to(shown, sizeof(shown), sender, strlen(sender)));
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
	if (check_sender(conf, uid, msg->env.sender, err) == -1)
		return err_ctx(err, "message %s", msg->env.id);
	return 0;
}

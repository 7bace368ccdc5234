/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "cmd/sendmail/drafts.h"
#include "cmd/sendmail/process.h"
#include "core/base/paths.h"
#include "queue/gate.h"

void
drafts_init(struct drafts *d, const struct conf *conf, uint32_t uid)
{
	*d = (struct drafts){ .conf = conf, .uid = uid,
	    .keeper.fd = -1 };
}

/*
 * A queue elsewhere than at the installed place is made when it is not there,
 * so that a build tree works at once. The installed one belongs to another
 * user: a missing one is the administrator's to make.
 */
int
drafts_open_queue(const struct conf *conf, enum queue_mode mode,
    struct queue **q, struct err *err)
{
	if (queue_open(conf->queue_dir, mode, q, err) == 0)
		return 0;
	if (err->sys != ENOENT || process_privileged() ||
	    strcmp(conf->queue_dir, paths_spool) == 0)
		return -1;
	if (queue_create(conf->queue_dir, err) == -1)
		return -1;
	return queue_open(conf->queue_dir, mode, q, err);
}

bool
drafts_refused(const struct err *err)
{
	return err->sys == EACCES || err->sys == EPERM;
}

int
drafts_open(struct drafts *d, bool keep, struct err *err)
{
	if (drafts_open_queue(d->conf, QUEUE_SUBMIT, &d->queue, err) == -1) {
		if (!drafts_refused(err))
			return -1;
		if (d->conf->gate == NULL)
			return err_set(err, ERR_TEMP, "4.3.5", "queue %s is "
			    "not yours, and [queue] gate is off: run sendmail "
			    "set-group-id, or let a sendoffd listen at a gate",
			    d->conf->queue_dir);
		d->gate = true;
		return 0;
	}
	if (!keep || !process_privileged())
		return 0;
	return keeper_start(d, &d->keeper, err);
}

/* What is asked before a message is taken in. */
static int
check(const struct drafts *d, struct err *err)
{
	size_t n;

	if (d->conf->min_free != 0 &&
	    queue_check_space(d->queue, d->conf->min_free, err) == -1)
		return -1;
	if (d->conf->per_user == 0 || d->uid == 0)
		return 0;
	if (queue_count_uid(d->queue, d->uid, &n, err) == -1)
		return -1;
	if ((int64_t)n < d->conf->per_user)
		return 0;
	return err_set(err, ERR_TEMP, "4.2.2", "you have %zu messages in the "
	    "queue, and [queue] per_user is %lld", n,
	    (long long)d->conf->per_user);
}

static int
get_from_gate(const struct drafts *d, struct draft *draft, struct err *err)
{
	if (gate_draft(d->conf->gate, draft, err) == 0)
		return 0;
	if (err->sys == 0)		/* the runner's own words */
		return -1;
	err_ctx(err, "no access to queue %s, no runner at its gate (start "
	    "sendoffd, or let sendmail run set-group-id)",
	    d->conf->queue_dir);
	return -1;
}

int
drafts_get(struct drafts *d, struct draft *draft, struct err *err)
{
	if (d->gate)
		return get_from_gate(d, draft, err);
	if (d->keeper.fd != -1)
		return keeper_draft(&d->keeper, draft, err);
	if (d->queue == NULL)
		return err_set(err, ERR_TEMP, "4.3.0", "no queue is open");
	if (check(d, err) == -1)
		return -1;
	return draft_create(d->queue, draft, err);
}

void
drafts_close(struct drafts *d)
{
	queue_close(d->queue);
	d->queue = NULL;
	keeper_stop(&d->keeper);
}

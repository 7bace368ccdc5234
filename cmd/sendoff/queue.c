/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <sysexits.h>

#include "core/mail/listing.h"
#include "queue/corrupt.h"
#include "queue/list.h"
#include "queue/runner.h"

#include "cmd/sendoff/admin.h"

enum {
	OUT_MAX = 256 * 1024 * 1024,	/* bytes of one message's listing */
};

struct listing {
	struct admin		*admin;
	bool			 json;
	struct listing_total	 total;
	struct buf		 out;
	int			 status;
};

static void
put(struct listing *l, const struct listing_msg *m)
{
	if (l->json) {
		listing_json(&l->out, m);
	} else {
		if (l->total.n == 0)
			listing_text_head(&l->out);
		listing_text(&l->out, m, &l->total);
	}
	admin_put(&l->out);
}

static void
list_one(struct listing *l, const char *id)
{
	struct listing_msg m;
	struct queue_msg *msg;
	struct err err = { 0 };

	switch (queue_load(l->admin->queue, id, &msg, &err)) {
	case QUEUE_OK:
		list_fill(&m, msg, &l->admin->conf);
		put(l, &m);
		list_free(&m);
		queue_release(msg);
		break;
	case QUEUE_BUSY:		/* a draft: not yet a message */
	case QUEUE_GONE:
		break;
	case QUEUE_CORRUPT:		/* the runner will move it */
		list_fill_corrupt(&m, id);
		put(l, &m);
		break;
	case QUEUE_FOREIGN:
	case QUEUE_FAILED:
		l->status = admin_fail(&err);
		break;
	}
}

static int
list_all(struct listing *l)
{
	struct queue *q = l->admin->queue;
	struct list_ids ids;
	struct listing_msg m;
	struct err err = { 0 };
	int64_t size;
	size_t i;

	if (list_ids(q, &ids, &err) == -1)
		return admin_fail(&err);
	for (i = 0; i < ids.n; i++)
		list_one(l, ids.v[i]);
	list_ids_free(&ids);
	if (list_corrupt_ids(q, &ids, &err) == -1)
		return admin_fail(&err);
	for (i = 0; i < ids.n; i++) {
		list_fill_corrupt(&m, ids.v[i]);
		size = corrupt_size(q, ids.v[i]);
		m.size = size > 0 ? size : 0;
		put(l, &m);
	}
	list_ids_free(&ids);
	return l->status;
}

int
queue_main(struct admin *a, int argc, char **argv)
{
	struct listing l = { .admin = a };
	const struct admin_opt opts[] = {
		{ "json", ADMIN_FLAG, &l.json, NULL },
	};
	int status;

	if (admin_opts(opts, NELEM(opts), argc, argv) != 0)
		return admin_usage("queue [--json]");
	status = admin_queue(a, QUEUE_READ);
	if (status != EX_OK)
		return status;
	buf_init(&l.out, OUT_MAX);
	if (!l.json && !queue_runner_alive(a->queue, NULL))
		listing_text_no_runner(&l.out);
	status = list_all(&l);
	if (!l.json)
		listing_text_tail(&l.out, &l.total, a->conf.trailer,
		    a->conf.queue_dir);
	admin_put(&l.out);
	buf_free(&l.out);
	return status;
}

/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include "cmd/sendmail/limits.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/mail/route.h"
#include "queue/stats.h"

/* Is what it said then what it will say now? */
static bool
counts(const struct stats_relay *r, int64_t changed_sec)
{
	int64_t age_sec = clock_wall_sec() - r->seen_sec;

	return r->size_max > 0 && r->seen_sec > changed_sec &&
	    age_sec < LIMITS_AGE_SEC && age_sec > -LIMITS_AGE_SEC;
}

void
limits_load(struct limits *l, const struct queue *q, const struct conf *conf)
{
	const struct stats_relay *r;
	struct stats stats;
	struct stat st;
	struct err ignored;

	*l = (struct limits){ NULL, 0 };
	if (conf->nrelays == 0 || stat(conf->path, &st) == -1 ||
	    stats_load(q, &stats, &ignored) == -1)
		return;
	if (stats.n > 0) {
		l->n = conf->nrelays;
		l->v = mem_zero(l->n * sizeof(*l->v));
	}
	for (size_t i = 0; i < l->n; i++) {
		r = stats_relay(&stats, conf->relays[i].name);
		if (counts(r, st.st_mtime))
			l->v[i] = r->size_max;
	}
	stats_free(&stats);
}

void
limits_free(struct limits *l)
{
	mem_free(l->v);
	*l = (struct limits){ NULL, 0 };
}

int64_t
limits_message(const struct limits *l, const struct conf *conf,
    const struct envelope *env, size_t n, const char **relay)
{
	const struct conf_relay *r;
	int64_t max = 0;
	ssize_t at;

	for (size_t i = 0; i < n && l->n > 0; i++) {
		at = route_relay(conf, envelope_sender(env, i),
		    env->rcpts[i].addr);
		if (at == -1 || l->v[at] == 0)
			return 0;
		if (l->v[at] <= max)
			continue;
		max = l->v[at];
		r = &conf->relays[at];
		*relay = r->name[0] != '\0' ? r->name : r->hosts[0].name;
	}
	return max;
}

int64_t
limits_all(const struct limits *l, const struct conf *conf)
{
	int64_t max = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (conf->relays[i].nhosts == 0)
			continue;
		if (l->v[i] == 0)
			return 0;
		if (l->v[i] > max)
			max = l->v[i];
	}
	return max;
}

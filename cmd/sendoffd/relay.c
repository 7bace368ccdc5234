/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "cmd/sendoffd/relay.h"

enum {
	LIMIT_MS = 300000,		/* a refused connection is not tried
					   again for so long */
	/*
	 * Messages in one worker's hands. While one waits for the reply to its
	 * dot, the envelope of the next is under way with it, and both replies
	 * come together: the one after that must be there by then, or every
	 * second message costs a round trip of its own. With CHUNKING whole
	 * messages are in flight behind each other.
	 */
	WINDOW = JOB_WINDOW,
	FAILURES_TOLD = 64,		/* doubled more often than any wait */
};

void
relay_init(struct relay *relay, const struct conf_relay *conf,
    int64_t retry_min_sec, int64_t retry_max_sec)
{
	memset(relay, 0, sizeof(*relay));
	relay->conf = conf;
	relay->retry_min_ms = retry_min_sec * 1000;
	relay->retry_max_ms = retry_max_sec * 1000;
	if (conf != NULL)
		return;
	relay->state = RELAY_NONE;
	relay->why_number = 1;
	outcome_set(&relay->why, OUTCOME_DEFERRED, "4.3.5",
	    "no relay is configured for it");
}

const char *
relay_name(const struct relay *relay)
{
	if (relay->conf == NULL)
		return "none";
	if (relay->conf->name[0] != '\0' || relay->conf->nhosts == 0)
		return relay->conf->name;
	return relay->conf->hosts[0].name;
}

bool
relay_open(const struct relay *relay, int64_t tick)
{
	return relay_open_tick(relay) <= tick;
}

int64_t
relay_open_tick(const struct relay *relay)
{
	int64_t pace = (relay->pace_us + 999) / 1000;

	switch (relay->state) {
	case RELAY_NONE:
	case RELAY_PROBING:
		return INT64_MAX;
	case RELAY_DOWN:
		return pace > relay->probe_tick ? pace : relay->probe_tick;
	case RELAY_UNTRIED:
	case RELAY_UP:
		break;
	}
	return pace;
}

bool
relay_is_down(const struct relay *relay)
{
	return relay->state == RELAY_DOWN || relay->state == RELAY_NONE ||
	    relay->state == RELAY_PROBING;
}

size_t
relay_connections(const struct relay *relay, int64_t tick)
{
	if (relay->state == RELAY_NONE)
		return 0;
	if (relay->state != RELAY_UP)
		return 1;
	if (relay->limit != 0 && tick < relay->limit_tick)
		return relay->limit;
	return (size_t)relay->conf->connections;
}

size_t
relay_window(const struct relay *relay)
{
	return relay->state == RELAY_UP ? WINDOW : 1;
}

void
relay_sent(struct relay *relay, int64_t tick)
{
	int64_t now_us = tick * 1000;

	if (relay->state == RELAY_DOWN)
		relay->state = RELAY_PROBING;
	if (relay->conf->rate_count == 0)
		return;
	/* What was not used up does not pile up: evenly means no burst. */
	if (relay->pace_us < now_us - 1000)
		relay->pace_us = now_us;
	relay->pace_us += relay->conf->rate_sec * 1000000 /
	    relay->conf->rate_count;
}

enum relay_news
relay_up(struct relay *relay)
{
	bool was_down = relay_is_down(relay);

	relay->state = RELAY_UP;
	relay->failures = 0;
	return was_down ? RELAY_NEWS_UP : RELAY_NO_NEWS;
}

static int64_t
backoff_ms(const struct relay *relay, uint32_t random)
{
	int64_t ms = relay->retry_min_ms;

	for (uint32_t i = 1; i < relay->failures; i++) {
		if (ms >= relay->retry_max_ms)
			break;
		ms *= 2;
	}
	if (ms > relay->retry_max_ms)
		ms = relay->retry_max_ms;
	return ms + (int64_t)((uint64_t)ms / 4 * random / UINT32_MAX);
}

enum relay_news
relay_down(struct relay *relay, const struct outcome *why, size_t standing,
    int64_t now_sec, int64_t tick, uint32_t random)
{
	bool was_down = relay_is_down(relay);

	if (relay->state == RELAY_UP && standing > 0) {
		relay->limit = standing;
		relay->limit_tick = tick + LIMIT_MS;
		return RELAY_NO_NEWS;
	}
	if (relay->why_number == 0 ||
	    strcmp(relay->why.text, why->text) != 0)
		relay->why_number++;
	relay->why = *why;
	relay->failed_sec = now_sec;
	relay->state = RELAY_DOWN;
	relay->failures++;
	relay->probe_tick = tick + backoff_ms(relay, random);
	return was_down ? RELAY_NO_NEWS : RELAY_NEWS_DOWN;
}

void
relay_resume(struct relay *relay, const struct outcome *why,
    int64_t failures, int64_t failed_sec, int64_t wait_ms, int64_t tick)
{
	int64_t longest = relay->retry_max_ms + relay->retry_max_ms / 4;

	relay->why = *why;
	relay->why_number = 1;
	relay->failed_sec = failed_sec;
	relay->failures = failures < FAILURES_TOLD ? (uint32_t)failures :
	    FAILURES_TOLD;
	relay->state = RELAY_DOWN;
	/* a clock that was set back must not stretch it */
	relay->probe_tick = tick + (wait_ms < longest ? wait_ms : longest);
}

void
relay_unprobed(struct relay *relay)
{
	if (relay->state == RELAY_PROBING)
		relay->state = RELAY_DOWN;
}

void
relay_flush(struct relay *relay)
{
	relay->probe_tick = 0;
	relay->limit = 0;
}

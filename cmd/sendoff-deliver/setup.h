/* SPDX-License-Identifier: ISC */
/*
 * setup - everything that is read before the first byte from the network:
 * the configuration, secrets, TLS, the log.
 *
 * Errors	ERR_CONF, and what sasl and tls say
 * Owns		all of it
 */
#ifndef CMD_SENDOFF_DELIVER_SETUP_H
#define CMD_SENDOFF_DELIVER_SETUP_H

#include <stdbool.h>

#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/smtp/sasl.h"
#include "core/smtp/session.h"

struct setup {
	struct conf		 conf;
	struct sasl_secrets	 secrets;
	struct smtp_setup	 smtp;		/* points into the two above */
};

/* relay is a name, "" for [relay]. On -1 setup_close is still due. */
int	setup_open(struct setup *, const char *conf_path, const char *relay,
	    bool verbose, struct err *);
void	setup_close(struct setup *);

#endif

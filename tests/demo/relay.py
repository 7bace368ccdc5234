#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The demo's relay: aiosmtpd on loopback, with STARTTLS and AUTH.

    relay.py PORT CERT KEY USER PASSWORD

Prints "ready", and then each message that it accepts. It refuses every
recipient whose name begins with "nobody".
"""
import logging
import signal
import ssl
import sys
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

# Older releases of aiosmtpd speak of what newer ones will drop.
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

port, cert, key, user, password = sys.argv[1:]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 <%s>: no such user here" % address
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        tls = session.ssl is not None
        lines = ["", "  relay: MAIL FROM:<%s> RCPT TO:<%s>%s%s" % (
            envelope.mail_from.strip("<>"), ">, <".join(envelope.rcpt_tos),
            ", over TLS" if tls else "",
            ", authenticated" if session.authenticated else "")]
        text = envelope.content.decode("utf-8", "replace").split("\r\n")
        lines += ["  relay: | " + x for x in text]
        print("\n".join(lines), flush=True)
        return "250 2.0.0 accepted"


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login.decode() == user and data.password.decode() == password)
    return AuthResult(success=good)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)


class Relay(Controller):
    def factory(self):
        return SMTP(self.handler, hostname="relay.demo", tls_context=context,
                    require_starttls=True, auth_required=True,
                    auth_require_tls=True, authenticator=authenticate)


relay = Relay(Handler(), hostname="127.0.0.1", port=int(port))
relay.start()
print("ready", flush=True)
signal.sigwait({signal.SIGTERM, signal.SIGINT})
relay.stop()

# SPDX-License-Identifier: ISC
"""A relay that can be told to behave in any way, on loopback.

It speaks ESMTP as RFC 5321 has it, with every extension that sendoff uses,
one thread a connection. What it received is in `messages`; `replies` says
what to answer instead of the usual: a dict of verb -> function(session, line)
that returns None (as usual), a reply ("550 5.1.1 no"), or one of CLOSE
(close without a word), HANG (never answer), RESET (send an RST), or bytes
(sent as they are). Verbs: "GREETING" "EHLO" "HELO" "STARTTLS" "AUTH" "MAIL"
"RCPT" "DATA" "DOT" (after the message) "BDAT" "RSET" "NOOP" "VRFY" "EXPN"
"HELP" "QUIT".
"""
import base64
import hashlib
import hmac
import re
import socket
import ssl
import struct
import threading
import time

CLOSE, HANG, RESET = object(), object(), object()


class Gone(Exception):
    """The connection is over."""


class Session:
    def __init__(self, relay, sock, number):
        self.relay, self.sock, self.number = relay, sock, number
        self.buffer = b""
        self.tls = self.user = self.helo = None
        self.commands = []
        self.count = 0          # messages accepted in this session
        self.reset()

    def reset(self):
        self.sender, self.mail_params, self.rcpts = None, {}, []
        self.data, self.bdat_bad = b"", False

    # --- bytes
    def more(self):
        got = self.sock.recv(65536)
        if not got:
            raise Gone()
        self.buffer += got

    def line(self):
        while b"\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("utf-8", "surrogateescape")

    def send(self, reply):
        if isinstance(reply, str):
            reply = reply.encode("utf-8", "surrogateescape") + b"\r\n"
        if self.relay.split:
            for i in range(len(reply)):
                self.sock.sendall(reply[i:i + 1])
        else:
            self.sock.sendall(reply)

    def say(self, verb, line, usual):
        """Answers; True if it was the usual (or another 2yz/3yz) reply."""
        rule = self.relay.replies.get(verb)
        answer = rule(self, line) if rule else None
        if answer is None:
            answer = usual
        if answer is CLOSE:
            raise Gone()
        if answer is RESET:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
            raise Gone()
        if answer is HANG:
            self.relay.stopping.wait(600)
            raise Gone()
        self.send(answer)
        if isinstance(answer, bytes):
            answer = answer.decode("latin-1")
        if answer.startswith("421"):
            raise Gone()
        return answer[:1] in "23"

    # --- dialogue
    def run(self):
        if self.relay.tls == "implicit":
            self.start_tls()
        self.say("GREETING", "", "220 relay.test ESMTP")
        while True:
            line = self.line()
            self.commands.append(line)
            self.relay.log.append((self.number, line))
            verb = line.split(" ", 1)[0].upper()
            method = getattr(self, "do_" + verb.lower(), None)
            if method is None:
                self.send("500 5.5.2 unknown command")
            else:
                method(line)

    def start_tls(self):
        context = self.relay.context
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.tls = self.sock.version()

    def do_ehlo(self, line):
        self.helo = line[5:]
        caps = [c for c in self.relay.caps]
        if self.relay.tls == "starttls" and not self.tls:
            caps.append("STARTTLS")
        if self.relay.users and (self.tls or not self.relay.auth_needs_tls):
            caps.append("AUTH " + self.relay.mechanisms)
        lines = ["relay.test"] + caps
        self.reset()
        self.say("EHLO", line, "\r\n".join(
            "250%s%s" % ("-" if i < len(lines) - 1 else " ", t)
            for i, t in enumerate(lines)))

    def do_helo(self, line):
        self.helo = line[5:]
        self.reset()
        self.say("HELO", line, "250 relay.test")

    def do_starttls(self, line):
        if self.say("STARTTLS", line, "220 2.0.0 go on"):
            self.start_tls()
            self.buffer = b""

    def do_auth(self, line):
        words = line.split()
        rule = self.relay.replies.get("AUTH")
        if rule and rule(self, line) is not None:
            self.say("AUTH", line, "")
            return
        mech = words[1].upper()
        step = getattr(self, "auth_" + mech.lower().replace("-", "_"), None)
        if step is None or mech not in self.relay.mechanisms.split():
            self.send("504 5.5.4 unknown mechanism")
            return
        user = step(words[2] if len(words) > 2 else None)
        if user is None:
            self.send("535 5.7.8 authentication failed")
        else:
            self.user = user
            self.send("235 2.7.0 welcome")

    def ask(self, text):
        self.send("334 " + base64.b64encode(text).decode())
        answer = self.line()
        return None if answer == "*" else base64.b64decode(answer)

    def auth_plain(self, initial):
        got = base64.b64decode(initial) if initial else self.ask(b"")
        _, user, password = (x.decode() for x in got.split(b"\0"))
        return user if self.relay.users.get(user) == password else None

    def auth_login(self, initial):
        user = (base64.b64decode(initial) if initial
                else self.ask(b"Username:")).decode()
        password = self.ask(b"Password:").decode()
        return user if self.relay.users.get(user) == password else None

    def auth_cram_md5(self, initial):
        challenge = b"<1.2@relay.test>"
        user, digest = self.ask(challenge).decode().rsplit(" ", 1)
        want = hmac.new(self.relay.users.get(user, "?").encode(), challenge,
                        hashlib.md5).hexdigest()
        return user if hmac.compare_digest(want, digest) else None

    def bearer(self, initial, shape, last):
        """The token is the user's password. RFC 7628 3.2.3 on a no."""
        got = base64.b64decode(initial) if initial else self.ask(b"")
        m = re.fullmatch(shape, got, re.S)
        user, token = (x.decode() for x in m.groups()) if m else ("", "")
        if m and self.relay.users.get(user) == token:
            return user
        answer = self.ask(b'{"status":"401","schemes":"bearer"}')
        assert answer == last, answer
        return None

    def auth_xoauth2(self, initial):
        return self.bearer(initial, rb"user=([^\x01]*)\x01auth=Bearer "
                           rb"([^\x01]*)\x01\x01", b"")

    def auth_oauthbearer(self, initial):
        return self.bearer(initial, rb"n,a=([^\x01]*),\x01host=[^\x01]*\x01"
                           rb"port=[0-9]*\x01auth=Bearer ([^\x01]*)\x01\x01",
                           b"\x01")

    def auth_scram_sha_256(self, initial):
        return self.scram(initial, hashlib.sha256)

    def auth_scram_sha_1(self, initial):
        return self.scram(initial, hashlib.sha1)

    def scram(self, initial, digest):
        """RFC 5802, without channel binding."""
        first = (base64.b64decode(initial) if initial else self.ask(b""))
        gs2, bare = re.match(rb"(n,[^,]*,|y,[^,]*,)(.*)", first, re.S).groups()
        user = re.search(rb"n=([^,]*)", bare).group(1).decode()
        nonce = re.search(rb"r=([^,]*)", bare).group(1) + b"server"
        password = self.relay.users.get(user, "").encode()
        salt, rounds = b"saltsalt", 4096
        server_first = b"r=%s,s=%s,i=%d" % (nonce, base64.b64encode(salt), rounds)
        final = self.ask(server_first)
        if final is None:
            return None
        bare_final, proof = final.rsplit(b",p=", 1)
        name = digest().name
        salted = hashlib.pbkdf2_hmac(name, password, salt, rounds)

        def mac(key, msg):
            return hmac.new(key, msg, name).digest()
        client_key = mac(salted, b"Client Key")
        whole = bare + b"," + server_first + b"," + bare_final
        signature = mac(hashlib.new(name, client_key).digest(), whole)
        want = bytes(a ^ b for a, b in zip(client_key, signature))
        if not hmac.compare_digest(base64.b64encode(want), proof):
            return None
        self.ask(b"v=" + base64.b64encode(mac(mac(salted, b"Server Key"), whole)))
        return user if user in self.relay.users else None

    @staticmethod
    def path(line):
        m = re.match(r"[^:]*:\s*<([^>]*)>\s*(.*)$", line)
        if not m:
            return None, {}
        params = dict((p.split("=", 1) + [""])[:2] for p in m.group(2).split())
        return m.group(1), {k.upper(): v for k, v in params.items()}

    def do_mail(self, line):
        if self.relay.users and not self.user:
            self.say("MAIL", line, "530 5.7.0 authentication required")
            return
        sender, params = self.path(line)
        if sender is None:
            self.send("501 5.5.4 syntax")
            return
        if self.sender is not None:
            self.send("503 5.5.1 nested MAIL")
            return
        if self.say("MAIL", line, "250 2.1.0 ok"):
            self.sender, self.mail_params = sender, params

    def do_rcpt(self, line):
        address, params = self.path(line)
        if self.sender is None:
            self.send("503 5.5.1 MAIL first")
        elif address is None:
            self.send("501 5.5.4 syntax")
        elif self.say("RCPT", line, "250 2.1.5 ok"):
            self.rcpts.append((address, params))

    def do_data(self, line):
        if not self.rcpts:
            self.send("503 5.5.1 no valid recipients")
            return
        if not self.say("DATA", line, "354 go on"):
            return
        if b"\r\n.\r\n" in self.buffer or self.buffer.startswith(b".\r\n"):
            pass
        while not (self.buffer.startswith(b".\r\n")
                   or b"\r\n.\r\n" in self.buffer):
            self.more()
        if self.buffer.startswith(b".\r\n"):
            raw, self.buffer = b"", self.buffer[3:]
        else:
            raw, self.buffer = self.buffer.split(b"\r\n.\r\n", 1)
            raw += b"\r\n"
        self.data = re.sub(rb"(?m)^\.", b"", raw)
        self.accept("DOT", line)

    def do_bdat(self, line):
        words = line.split()
        size, last = int(words[1]), words[-1].upper() == "LAST"
        while len(self.buffer) < size:
            self.more()
        self.data += self.buffer[:size]
        self.buffer = self.buffer[size:]
        if not self.rcpts:
            self.send("503 5.5.1 no valid recipients")
            if last:
                self.reset()
        elif last:
            self.accept("DOT", line)
        else:
            self.say("BDAT", line, "250 2.0.0 %d octets" % size)

    def accept(self, verb, line):
        message = {
            "sender": self.sender, "mail": self.mail_params,
            "rcpts": [a for a, _ in self.rcpts], "rcpt": self.rcpts,
            "data": self.data, "tls": self.tls, "user": self.user,
            "session": self.number, "helo": self.helo, "time": time.time(),
        }
        # Counted before the reply: a client that is gone after the 250 has
        # been told, one that is gone before it has not.
        if self.say_after(verb, line, message):
            self.count += 1
        self.reset()

    def say_after(self, verb, line, message):
        rule = self.relay.replies.get(verb)
        answer = rule(self, line) if rule else None
        if answer is None or (isinstance(answer, str) and answer[0] == "2"):
            with self.relay.arrived:
                self.relay.messages.append(message)
                self.relay.arrived.notify_all()
            self.send(answer or "250 2.0.0 queued as %d"
                      % len(self.relay.messages))
            return True
        with self.relay.arrived:
            self.relay.refused.append(message)
            self.relay.arrived.notify_all()
        once = {verb: lambda s, text: answer}
        saved, self.relay.replies = self.relay.replies, {
            **self.relay.replies, **once}
        try:
            return self.say(verb, line, "")
        finally:
            self.relay.replies = saved

    def do_rset(self, line):
        self.reset()
        self.say("RSET", line, "250 2.0.0 ok")

    def do_noop(self, line):
        self.say("NOOP", line, "250 2.0.0 ok")

    def do_vrfy(self, line):
        self.say("VRFY", line, "252 2.5.0 will try")

    def do_expn(self, line):
        self.say("EXPN", line, "502 5.5.1 no")

    def do_help(self, line):
        self.say("HELP", line, "214 2.0.0 no help")

    def do_quit(self, line):
        self.say("QUIT", line, "221 2.0.0 bye")
        raise Gone()


class Relay:
    """with Relay(...) as r: r.port, r.messages, r.wait(n)"""

    CAPS = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "DSN",
            "ENHANCEDSTATUSCODES", "HELP")

    def __init__(self, tls="none", cert=None, key=None, users=None,
                 caps=CAPS, mechanisms="PLAIN LOGIN", auth_needs_tls=True,
                 replies=None, split=False, host="127.0.0.1", port=0):
        self.tls, self.users, self.caps = tls, users or {}, list(caps)
        self.mechanisms, self.auth_needs_tls = mechanisms, auth_needs_tls
        self.replies, self.split = dict(replies or {}), split
        self.messages, self.refused, self.log = [], [], []
        self.sessions = []
        self.arrived = threading.Condition()
        self.stopping = threading.Event()
        self.context = None
        if tls != "none":
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert, key)
        self.host, self.wanted = host, port
        self.listener = None

    def start(self):
        self.stopping.clear()
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.host, self.wanted))
        self.listener.listen(100)
        self.port = self.wanted = self.listener.getsockname()[1]
        threading.Thread(target=self.accept_all, daemon=True,
                         args=(self.listener,)).start()
        return self

    def accept_all(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self, sock, len(self.sessions))
            self.sessions.append(session)
            threading.Thread(target=self.serve, daemon=True,
                             args=(session,)).start()

    @staticmethod
    def serve(session):
        try:
            session.run()
        except (Gone, OSError, ValueError, IndexError, TypeError):
            pass
        finally:
            session.sock.close()

    def stop(self):
        """No more connections; those that stand are cut."""
        self.stopping.set()
        if self.listener is not None:
            try:
                self.listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.listener.close()
            self.listener = None
        for s in self.sessions:
            try:
                s.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def wait(self, n, timeout=20, what="messages"):
        """Until n have arrived (or were refused: what="refused")."""
        with self.arrived:
            ok = self.arrived.wait_for(
                lambda: len(getattr(self, what)) >= n, timeout)
        assert ok, "%d of %d %s arrived; dialogue: %r" % (
            len(getattr(self, what)), n, what, self.log[-20:])
        return getattr(self, what)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

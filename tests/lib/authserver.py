# SPDX-License-Identifier: ISC
"""An OAuth 2.0 authorization server on loopback, with TLS.

`answers` is a list of what to say to each POST in turn, the last one for ever:
(status, dict | bytes), or a function(form) that returns such a pair. What was
asked is in `forms` (path, dict). `pages` answers GET.
"""
import http.server
import json
import ssl
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def reply(self, status, what):
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        self.send_response(status)
        if status in (301, 302, 307):
            self.send_header("Location", what.decode())
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path in self.server.owner.pages:
            self.reply(200, self.server.owner.pages[self.path])
        else:
            self.reply(404, {})

    def do_POST(self):
        owner = self.server.owner
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == \
            "application/x-www-form-urlencoded"
        form = dict(urllib.parse.parse_qsl(raw.decode(), strict_parsing=True))
        with owner.lock:
            owner.forms.append((self.path, form))
            answer = owner.answers[0]
            if len(owner.answers) > 1:
                owner.answers.pop(0)
        self.reply(*(answer(form) if callable(answer) else answer))


class AuthServer:
    def __init__(self, cert, key, answers=()):
        self.answers, self.forms, self.pages = list(answers), [], {}
        self.lock = threading.Lock()
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.owner = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        # Each connection shakes hands in its own thread.
        self.http.socket = context.wrap_socket(
            self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.http.server_address[1]
        self.thread = threading.Thread(target=self.http.serve_forever,
                                       kwargs={"poll_interval": 0.05})

    def url(self, path="/token"):
        return "https://127.0.0.1:%d%s" % (self.port, path)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

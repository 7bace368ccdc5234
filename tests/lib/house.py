# SPDX-License-Identifier: ISC
"""A whole installation in a temporary folder: the build tree's programs,
a queue of their own, a configuration, and what tests ask of them."""
import json
import os
import signal
import subprocess
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SENDOFF_BUILD", os.path.join(TOP, "build"))
LIMIT = 60                      # seconds that no program call may take


class Result:
    def __init__(self, p, out, err):
        self.code, self.raw = p.returncode, out
        self.out = out.decode("utf-8", "replace")
        self.err = err.decode("utf-8", "replace")

    def __repr__(self):
        return "exit %d\n%s%s" % (self.code, self.out, self.err)


class Daemon:
    """sendoffd in the foreground, its log collected line by line."""

    def __init__(self, argv, env):
        self.lines, self.seen = [], threading.Condition()
        self.p = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=env)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.p.stderr:
            with self.seen:
                self.lines.append(line.decode("utf-8", "replace").rstrip())
                self.seen.notify_all()
        with self.seen:
            self.seen.notify_all()

    def wait_line(self, part, timeout=20, count=1):
        def there():
            return sum(part in x for x in self.lines) >= count
        with self.seen:
            assert self.seen.wait_for(there, timeout), \
                "no %r in:\n%s" % (part, "\n".join(self.lines))
            return [x for x in self.lines if part in x][count - 1]

    def signal(self, number):
        self.p.send_signal(number)

    def stop(self, timeout=20):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGTERM)
            try:
                self.p.wait(timeout)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait()
                raise
        self.reader.join(5)
        return self.p.returncode


class House:
    def __init__(self, folder, relay=None, /, **sections):
        self.folder = str(folder)
        self.conf = os.path.join(self.folder, "sendoff.conf")
        self.queue = os.path.join(self.folder, "spool")
        self.log = os.path.join(self.folder, "log")
        self.daemons = []
        self.configure(relay, **sections)

    def configure(self, relay=None, /, **sections):
        """Sections as dicts; relay_NAME=... is [relay NAME]."""
        base = {
            "relay": {"host": "127.0.0.1:%d" % relay.port, "tls": "none"}
            if relay is not None else {},
            "identity": {"hostname": "client.test", "domain": "client.test"},
            "aliases": {"file": os.path.join(self.folder, "aliases")},
            "queue": {"directory": self.queue, "min_free": "0"},
            "log": {"target": "stderr"},
        }
        for name, values in sections.items():
            base.setdefault(name, {}).update(values)
        with open(self.conf, "w", encoding="utf-8") as f:
            for name, values in base.items():
                f.write("[%s]\n" % name.replace("relay_", "relay "))
                for key, value in values.items():
                    f.write("%s = %s\n" % (key, value))
        os.chmod(self.conf, 0o600)

    def aliases(self, text):
        with open(os.path.join(self.folder, "aliases"), "w") as f:
            f.write(text)

    def env(self, **more):
        keep = {k: v for k, v in os.environ.items()
                if k.startswith(("ASAN", "UBSAN", "LSAN")) or k == "PATH"}
        return {**keep, **more}

    def program(self, name):
        return os.path.join(BUILD, name)

    def call(self, name, *args, input=b"", env=None, timeout=LIMIT,
             conf=True, **kw):
        if isinstance(input, str):
            input = input.encode()
        argv = [self.program(name)]
        if conf:
            argv += ["-C", self.conf]
        p = subprocess.Popen(argv + list(args), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=self.env(**(env or {})), **kw)
        try:
            out, err = p.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            raise
        return Result(p, out, err)

    def sendmail(self, *args, input=b"", **kw):
        return self.call("sendmail", *args, input=input, **kw)

    def submit(self, *args, input="Subject: test\n\nbody\n", **kw):
        """A submission that must succeed."""
        r = self.sendmail(*args, input=input, **kw)
        assert r.code == 0, r
        return r

    def once(self, *args):
        r = self.call("sendoffd", "--once", *args)
        assert r.code == 0, r
        return r

    def daemon(self, *args):
        d = Daemon([self.program("sendoffd"), "-C", self.conf, *args],
                   self.env())
        self.daemons.append(d)
        return d

    def mailq(self, *args):
        """The queue as a list of dicts."""
        r = self.call("mailq", "--json", *args)
        assert r.code == 0, r
        return [json.loads(x) for x in r.out.splitlines()]

    def files(self, sub="queue"):
        try:
            return sorted(os.listdir(os.path.join(self.queue, sub)))
        except FileNotFoundError:
            return []

    def wait_empty(self, timeout=20):
        """Until the runner has unlinked everything. A file's absence has no
        event that a test could wait for without the code under test."""
        end = time.monotonic() + timeout
        while self.files():
            assert time.monotonic() < end, self.files()
            time.sleep(0.02)

    def close(self):
        for d in self.daemons:
            d.stop()

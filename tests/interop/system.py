# SPDX-License-Identifier: ISC
"""sendoff installed for real, in a root of its own, with its user, group and
set-group-id bit: what users and their programs meet."""
import os
import shutil
import subprocess

import pytest

import roots
from house import Daemon, Result

USERS = {"alice": 1001, "bob": 1002}
LIMIT = 60


def libraries():
    """Debian's packages of what our programs link; the root is the same
    Debian, so what was built outside runs inside."""
    files = set()
    for program in ("sendmail", "sendoff-deliver", "sendoff-token"):
        out = roots.run("ldd", os.path.join(roots.TOP, "build", program))
        files.update("*/" + line.split()[0] for line in out.splitlines()
                     if "=>" in line)
    out = roots.run("dpkg-query", "-S", *sorted(files))
    return sorted({line.split(":")[0] for line in out.splitlines()})


def built(folder, names):
    """For copytree: the sources and what make made of them, not the tests."""
    if folder == roots.TOP:
        return [".git"]
    if folder == os.path.join(roots.TOP, "build"):
        return [n for n in names if n != "obj" and
                os.path.isdir(os.path.join(folder, n))]
    if folder == os.path.join(roots.TOP, "build", "obj"):
        return ["tests"]
    return []


def dummy_mta(path):
    """A package that says that there is an MTA; ours comes by make install."""
    deb = os.path.join(path, "tmp/mta")
    os.makedirs(os.path.join(deb, "DEBIAN"))
    with open(os.path.join(deb, "DEBIAN/control"), "w") as f:
        f.write("Package: sendoff-dummy\nVersion: 1\nArchitecture: all\n"
                "Maintainer: nobody <nobody@localhost>\n"
                "Provides: mail-transport-agent, default-mta\n"
                "Description: stands for sendoff, installed by make\n")
    roots.chroot(path, "dpkg-deb", "-b", "/tmp/mta", "/tmp/mta.deb")
    roots.chroot(path, "dpkg", "-i", "/tmp/mta.deb")


class System:
    """A root with sendoff in it; `callers` are further packages."""

    def __init__(self, name, callers=()):
        roots.run("make", "-s", "-C", roots.TOP, "all")
        self.path = roots.make_root(name, ["make"] + libraries(), dummy_mta,
                                    later=list(callers))
        self.daemons = []
        self.conf = "/etc/sendoff/sendoff.conf"
        self.install()

    def file(self, name):
        return os.path.join(self.path, name.lstrip("/"))

    def install(self):
        source = self.file("/src")
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(roots.TOP, source, symlinks=True, ignore=built)
        shutil.rmtree(self.file("/var/spool/sendoff"), ignore_errors=True)
        roots.chroot(self.path, "sh", "-c", "cd /src && make -s install")
        for user, uid in USERS.items():
            if not os.path.exists(self.file("/home/" + user)):
                roots.chroot(self.path, "useradd", "-m", "-u", str(uid), user)

    def configure(self, relay, **sections):
        base = {
            "relay": {"host": "127.0.0.1:%d" % relay.port, "tls": "none"},
            "identity": {"hostname": "web1.test", "domain": "web1.test"},
            "queue": {"min_free": "0"},
            "log": {"target": "stderr"},
        }
        for section, values in sections.items():
            base.setdefault(section, {}).update(values)
        with open(self.file(self.conf), "w") as f:
            for section, values in base.items():
                f.write("[%s]\n" % section)
                for key, value in values.items():
                    f.write("%s = %s\n" % (key, value))
        os.chmod(self.file(self.conf), 0o644)

    def env(self):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/",
                "LC_ALL": "C.UTF-8"}

    def call(self, *argv, user=None, input=b"", before=(), env=None,
             timeout=LIMIT):
        """Runs argv in the root as a user (root by default); `before` wraps
        it from outside, e.g. ("setpriv", "--no-new-privs")."""
        if isinstance(input, str):
            input = input.encode()
        who = ["--userspec=%s:%s" % (user, user)] if user else []
        full = [*before, *roots.inside(self.path, *argv, who=who)]
        p = subprocess.Popen(full, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env={**self.env(), **(env or {})})
        try:
            out, err = p.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            raise
        with open(self.file("/.missing")) as f:
            missing = f.read().split()
        if p.returncode == 127 and missing:
            pytest.skip("not installed: " + " ".join(missing))
        return Result(p, out, err)

    def start(self, *argv, before=()):
        """A program that goes on, e.g. a daemon in the foreground."""
        return subprocess.Popen([*before, *roots.inside(self.path, *argv)],
                                stdin=subprocess.DEVNULL, env=self.env(),
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def daemon(self, proc=True):
        """sendoffd as a service manager without User= starts it."""
        argv = ["/usr/sbin/sendoffd"]
        d = Daemon(roots.inside(self.path, *argv) if proc else
                   ["chroot", self.path, *argv], self.env())
        self.daemons.append(d)
        return d

    def files(self):
        return sorted(os.listdir(self.file("/var/spool/sendoff/queue")))

    def empty(self):
        """Nothing is queued, and no relay is known to be down."""
        spool = self.file("/var/spool/sendoff")
        for name in self.files():
            os.unlink(os.path.join(spool, "queue", name))
        if os.path.exists(os.path.join(spool, "stats")):
            os.unlink(os.path.join(spool, "stats"))

    def close(self):
        for d in self.daemons:
            d.stop()
        self.daemons.clear()


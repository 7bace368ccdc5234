# SPDX-License-Identifier: ISC
"""Mail clients from Debian's packages."""
import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import termios
import time

import pytest

import roots
from callers import one, write
from system import USERS

pytestmark = pytest.mark.long


def test_bsd_mailx(system, relay):
    r = system.call("bsd-mailx", "-s", "subject one", "-c", "dave@example.com",
                    "carol@example.com", user="alice", input="body\n.\nmore\n")
    assert r.code == 0, r
    m, got = one(relay)
    assert sorted(m["rcpts"]) == ["carol@example.com", "dave@example.com"]
    assert got["Subject"] == "subject one" and got["From"] and got["Date"]


def test_s_nail(system, relay):
    r = system.call("s-nail", "-n", "-s", "subject", "-b", "dave@example.com",
                    "carol@example.com", user="alice", input="body\n")
    assert r.code == 0, r
    m, got = one(relay)
    assert "dave@example.com" in m["rcpts"] and b"dave@" not in m["data"]


def test_mailutils(system, relay):
    r = system.call("mail.mailutils", "-s", "subject", "carol@example.com",
                    user="alice", input="body\n")
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["carol@example.com"]


def test_mutt(system, relay):
    r = system.call("mutt", "-e", "set copy=no", "-s", "grüße",
                    "-b", "dave@example.com", "--", "carol@example.com",
                    user="alice", input="body\n")
    assert r.code == 0, r
    m, got = one(relay)
    assert sorted(m["rcpts"]) == ["carol@example.com", "dave@example.com"]
    assert got["Subject"] == "grüße" and b"dave@" not in m["data"]


@pytest.mark.parametrize("way", ["sendmail/smtp", "sendmail/pipe"])
def test_nmh(system, relay, way):
    write(system, "/home/alice/.mh_profile", "Path: Mail\n", owner="alice")
    os.makedirs(system.file("/home/alice/Mail"), exist_ok=True)
    os.chown(system.file("/home/alice/Mail"), USERS["alice"], USERS["alice"])
    write(system, "/home/alice/draft", "From: alice@example.org\n"
          "To: carol@example.com\nSubject: nmh\n--------\na\n.\nb\n",
          owner="alice")
    r = system.call("/usr/bin/mh/send", "-mts", way, "/home/alice/draft",
                    user="alice", env={"HOME": "/home/alice"})
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["carol@example.com"] and got["Subject"] == "nmh"
    assert m["data"].endswith(b"\r\n\r\na\r\n.\r\nb\r\n")


class Terminal:
    """A program on a terminal, and somebody who types."""

    def __init__(self, argv, env):
        self.fd, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))
        self.p = subprocess.Popen(argv, stdin=theirs, stdout=theirs,
                                  stderr=theirs, env=env,
                                  start_new_session=True)
        os.close(theirs)

    def until(self, text, timeout=30):
        seen, end = b"", time.monotonic() + timeout
        while text not in seen:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.fd], [], [], left)[0], seen
            seen += os.read(self.fd, 65536)

    def type(self, keys):
        os.write(self.fd, keys)

    def close(self):
        self.p.kill()
        self.p.wait()
        os.close(self.fd)


def test_alpine(system, relay):
    """On a terminal; it speaks SMTP with sendmail -bs."""
    write(system, "/home/alice/.pinerc", "personal-name=Alice\n"
          "user-domain=web1.test\nlast-version-used=9.99z\n"
          "feature-list=quell-folder-internal-msg,quit-without-confirm,"
          "send-without-confirm\n", owner="alice")
    shutil.rmtree(system.file("/home/alice/mail"), ignore_errors=True)
    t = Terminal(roots.inside(system.path, "alpine", "carol@example.com,"
                              "dave@example.com",
                              who=["--userspec=alice:alice"]),
                 {**system.env(), "HOME": "/home/alice", "TERM": "vt100"})
    try:
        t.until(b"Subject :")
        t.type(b"\t\t\t\thello\r.\rmore\r")
        t.until(b"more")
        t.type(b"\x18")
        t.until(b"Create?")
        t.type(b"y")
        m, got = one(relay)
    finally:
        t.close()
    assert m["rcpts"] == ["carol@example.com", "dave@example.com"]
    assert m["sender"] == "alice@web1.test"
    assert got["From"] == "Alice <alice@web1.test>"
    assert b"hello\r\n.\r\nmore\r\n" in m["data"]
    assert b"with ESMTP" in m["data"]


def test_mpack(system, relay):
    write(system, "/tmp/data", "some data\n")
    r = system.call("mpack", "-s", "subject", "/tmp/data", "carol@example.com",
                    "dave@example.com", user="alice")
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["carol@example.com", "dave@example.com"]
    assert got.is_multipart() and got["From"]


def test_mblaze(system, relay):
    r = system.call("sh", "-ec", """
        printf 'To: carol@example.com\\nSubject: grüße\\n\\nhellö\\n' |
            mmime | /usr/sbin/sendmail -t -i
    """, user="alice")
    assert r.code == 0, r
    m, got = one(relay)
    assert got["Subject"] == "grüße" and "hellö" in str(
        got.get_body(("plain",)).get_content())


@pytest.mark.parametrize("options, sender", [
    ("", "alice@web1.test"),
    ("--envelope-sender=alice@example.org", "alice@example.org")])
def test_git_send_email(system, relay, options, sender):
    r = system.call("sh", "-ec", """
        cd /home/alice; rm -rf repo; git init -q repo; cd repo
        git config user.name Alice; git config user.email alice@example.org
        git config sendemail.confirm never
        printf 'a\\n.\\nb\\n' > f; git add f; git commit -qm 'add f'
        git send-email $1 --to=carol@example.com --root -1 HEAD
    """, "sh", options, user="alice", env={"HOME": "/home/alice"})
    assert r.code == 0, r
    m, got = one(relay)
    assert m["sender"] == sender
    assert m["rcpts"] == ["carol@example.com", "alice@example.org"]
    assert got["From"] == "Alice <alice@example.org>"
    assert "[PATCH] add f" in got["Subject"] and b"\r\n+.\r\n" in m["data"]

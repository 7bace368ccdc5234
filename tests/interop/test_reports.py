# SPDX-License-Identifier: ISC
"""Delivery notifications with a real Postfix and a real Exim as the relay,
each with DSN on one port and without on another."""
import email
import email.policy
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import roots
from house import House

LIMIT = 30

POSTFIX = """
compatibility_level = 3.6
myhostname = relay.test
mydestination = relay.test
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
home_mailbox = Maildir/
local_recipient_maps = unix:passwd.byname
default_transport = error:5.1.2 no other domain here
alias_maps =
maillog_file = /var/log/postfix.log
"""

EXIM = """
primary_hostname = relay.test
domainlist local_domains = relay.test
acl_smtp_rcpt = acl_rcpt
dsn_advertise_hosts = ${if eq{$received_port}{%d}{*}{}}
local_interfaces = 127.0.0.1
daemon_smtp_ports = %d : %d
tls_advertise_hosts =
rfc1413_hosts =
begin acl
acl_rcpt:
  accept domains = +local_domains
         local_parts = alice : bob
  deny message = 5.1.1 no such user
begin routers
local:
  driver = accept
  domains = +local_domains
  check_local_user
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = $home/Maildir
  maildir_format
  return_path_add
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def users(path):
    for user in ("alice", "bob"):
        roots.chroot(path, "useradd", "-m", user)


class Mta:
    """A relay in a root of its own; dsn and plain are its ports."""

    def __init__(self):
        self.dsn, self.plain = free_port(), free_port()
        self.path = self.prepare()
        self.p = subprocess.Popen(
            roots.inside(self.path, *self.argv), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        end = time.monotonic() + LIMIT
        for port in (self.dsn, self.plain):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert time.monotonic() < end, "no answer"
                    assert self.p.poll() is None, "it ended"
                    time.sleep(0.1)

    def file(self, name, text=None):
        path = os.path.join(self.path, name)
        if text is not None:
            with open(path, "w") as f:
                f.write(text)
        return path

    def wipe(self):
        for user in ("alice", "bob"):
            shutil.rmtree(self.file("home/%s/Maildir" % user),
                          ignore_errors=True)

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        self.p.wait(LIMIT)

    def mail(self, user, n=1):
        """The bytes of n messages in user's mailbox; waits for them."""
        folder = self.file("home/%s/Maildir/new" % user)
        end = time.monotonic() + LIMIT
        while True:
            names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
            if len(names) >= n:
                break
            assert time.monotonic() < end, names
            time.sleep(0.05)
        found = []
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                found.append(f.read())
        return found


class Postfix(Mta):
    argv = "/usr/sbin/postfix", "start-fg"

    def prepare(self):
        self.path = roots.make_root("postfix-dsn", ["postfix"], users)
        self.file("etc/postfix/main.cf", POSTFIX)
        with open(self.file("etc/postfix/master.cf")) as f:
            lines = [x for x in f.read().splitlines()
                     if not x.startswith(("smtp      inet", "127.0.0.1:",
                                          "  -o smtpd_discard"))]
        lines.append("127.0.0.1:%d inet n - n - - smtpd" % self.dsn)
        lines.append("127.0.0.1:%d inet n - n - - smtpd" % self.plain)
        lines.append("  -o smtpd_discard_ehlo_keywords=dsn,silent-discard")
        if not any(x.startswith("postlog ") for x in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        self.file("etc/postfix/master.cf", "\n".join(lines) + "\n")
        return self.path


    def stop(self):
        """Its master has a session of its own."""
        roots.chroot(self.path, "/usr/sbin/postfix", "stop")
        self.p.wait(LIMIT)


class Exim(Mta):
    argv = "/usr/sbin/exim4", "-bdf"

    def prepare(self):
        self.path = roots.make_root("exim", ["exim4-daemon-light"], users)
        self.file("etc/exim4/exim4.conf",
                  EXIM % (self.dsn, self.dsn, self.plain))
        return self.path


@pytest.fixture(scope="module", params=[
    Postfix, pytest.param(Exim, marks=pytest.mark.long)])
def mta(request):
    m = request.param()
    yield m
    m.stop()


@pytest.fixture(params=["dsn", "plain"])
def house(mta, tmp_path, request):
    mta.wipe()
    h = House(tmp_path, None, relay={
        "host": "127.0.0.1:%d" % getattr(mta, request.param), "tls": "none"})
    h.dsn = request.param == "dsn"
    yield h
    h.close()


def read(house, raw):
    """What sendoff report and a MIME parser say about a report."""
    r = house.call("sendoff", "report", "--json", input=raw)
    assert r.code == 0, r
    m = email.message_from_bytes(raw, policy=email.policy.default)
    assert m.get_content_type() == "multipart/report"
    return json.loads(r.out), m


def test_success(house, mta):
    """Delivered, says a relay with DSN; relayed, say we for one without."""
    house.submit("-f", "alice@relay.test", "-N", "success", "-V", "page+1",
                 "-R", "hdrs", "bob@relay.test",
                 input="Subject: x\nMessage-ID: <p1@client.test>\n\nhi\n")
    house.once()
    assert house.files() == []
    mta.mail("bob")
    raw, = mta.mail("alice")
    got, m = read(house, raw)
    assert got["envelope_id"] == "page+1"
    rcpt, = got["recipients"]
    assert rcpt["final_recipient"] == "bob@relay.test"
    assert rcpt["action"] == ("delivered" if house.dsn else "relayed")
    assert rcpt["status"].startswith("2.")
    r = house.call("sendoff", "report", "--record", input=raw)
    assert r.code == 0, r
    r = house.call("sendoff", "trace", "--envelope-id", "page+1", "--json")
    over, = (json.loads(x) for x in r.out.splitlines())
    assert over["recipients"][0]["status"] == "sent"
    assert over["reports"][0]["action"] == rcpt["action"]


def test_failure(house, mta):
    """The relay refuses: the report is ours, and it takes it."""
    house.submit("-f", "alice@relay.test", "-V", "e2",
                 "stranger@relay.test", "bob@relay.test")
    house.once()
    assert house.files() == []
    mta.mail("bob")
    raw, = mta.mail("alice")
    got, m = read(house, raw)
    rcpt, = got["recipients"]
    assert rcpt["final_recipient"] == "stranger@relay.test"
    assert (rcpt["action"], rcpt["status"]) == ("failed", "5.1.1")
    assert rcpt["diagnostic"].startswith("550 ")
    assert got["envelope_id"] == "e2"
    assert m["Auto-Submitted"] == "auto-replied"
    assert re.search(rb"(?m)^Return-path: <>", raw, re.I)


def test_never(house, mta):
    house.submit("-f", "alice@relay.test", "-N", "never",
                 "stranger@relay.test", "bob@relay.test")
    house.submit("-f", "alice@relay.test", "alice@relay.test",
                 input="Subject: last\n\n\n")
    house.once()
    assert house.files() == []
    mta.mail("bob")
    raw, = mta.mail("alice")
    assert b"Subject: last" in raw


def test_mdn(house, mta):
    """An MDN for what arrived is taken from the null sender."""
    house.submit("-f", "alice@relay.test", "bob@relay.test",
                 input="Subject: x\nDisposition-Notification-To: "
                 "alice@relay.test\nMessage-ID: <p3@client.test>\n\nhi\n")
    house.once()
    page, = mta.mail("bob")
    r = house.call("sendoff", "mdn", "--disposition", "displayed",
                   "--sent", "automatically", "--recipient", "bob@relay.test",
                   input=page)
    assert r.code == 0, r
    house.once()
    raw, = mta.mail("alice")
    got, m = read(house, raw)
    assert got["kind"] == "mdn" and got["disposition"] == "displayed"
    assert got["original_message_id"] == "<p3@client.test>"

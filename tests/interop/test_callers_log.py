# SPDX-License-Identifier: ISC
"""What reads a mail log, over ours as a log daemon writes it down."""
import os
import re
import socket
import threading

import pytest

from callers import write
from relay import Relay

pytestmark = pytest.mark.long
PATH = "/var/log/mail.log"


class LogDaemon:
    """/dev/log of the root, and a file in the traditional form."""

    def __init__(self, system):
        self.path = system.file("/dev/log")
        if os.path.lexists(self.path):
            os.unlink(self.path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self.lines, self.came = [], threading.Condition()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            packet = self.socket.recv(65536).decode()
            if packet == "":
                return
            m = re.fullmatch(r"<22>(\w{3} [ \d]\d \d\d:\d\d:\d\d) (.*)",
                             packet)
            with self.came:
                self.lines.append("%s web1 %s\n" % m.groups())
                self.came.notify_all()

    def wait(self, part, count):
        with self.came:
            assert self.came.wait_for(lambda: sum(
                part in x for x in self.lines) >= count, 20), self.lines

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"", self.path)
        self.socket.close()
        os.unlink(self.path)


@pytest.fixture
def log(system):
    """Two messages for three recipients: two sent, one bounced; and the
    bounce."""
    def refuse(session, line):
        return "550 5.1.1 no such user" if "stranger" in line else None
    d = LogDaemon(system)
    with Relay(replies={"RCPT": refuse}) as r:
        system.configure(r, log={"target": "syslog"})
        system.daemon()
        for rcpts in (["carol@example.com", "stranger@example.net"],
                      ["dave@example.com"]):
            assert system.call("sendmail", "-f", "alice@example.org", *rcpts,
                               user="alice", input="Subject: x\n\nx\n"
                               ).code == 0
        d.wait(": removed", 3)
        system.close()
    d.close()
    system.empty()
    write(system, PATH, "".join(d.lines))
    return d.lines


def test_pflogsumm(system, log):
    help_ = system.call("pflogsumm", "--help")
    option = re.search(r"--syslog[-_]name", help_.out + help_.err).group(0)
    r = system.call("pflogsumm", option + "=sendoff", PATH)
    assert r.code == 0, r
    for n, what in ((2, "received"), (3, "delivered"), (1, "bounced"),
                    (0, "deferred")):
        assert re.search(r"(?m)^ +%d   %s\b" % (n, what), r.out), r
    assert "no such user" in r.out and "alice@example.org" in r.out
    assert re.search(r"(?m)^ +2 +\d+ .* example\.com$", r.out), r


def test_logwatch(system, log):
    """With the two settings that its documentation asks for."""
    write(system, "/etc/logwatch/conf/services/postfix.conf",
          "*OnlyService = \"sendoff/[-a-zA-Z\\d]*\"\n"
          "$postfix_Syslog_Name = \"sendoff\"\n")
    r = system.call("logwatch", "--output", "stdout", "--service", "postfix",
                    "--range", "today", "--detail", "med")
    assert r.code == 0, r
    for n, what in ((2, "Accepted"), (3, "Sent via SMTP"), (1, "Bounced")):
        assert re.search(r"(?m)^ +%d +%s" % (n, what), r.out), r
    assert "nmatched" not in r.out, r

# SPDX-License-Identifier: ISC
"""Real programs from Debian's packages that call sendmail, with their own
configuration, and what arrived at the relay: cron's family, and what a system
reports with."""
import os
import time

import pytest

from callers import MAILBOX, one, parse, stop, write

pytestmark = pytest.mark.long


def test_cron(system, relay):
    """Debian's cron runs it as the user with root's environment, and gives
    a list of recipients as one argument."""
    write(system, "/etc/cron.d/own", "* * * * * alice echo grüße; echo .\n")
    write(system, "/etc/cron.d/others", "MAILTO=carol@example.com,dave@"
          "example.com\n* * * * * alice printf 'a\\0b'\n")
    p = system.start("cron", "-f")
    try:
        got = relay.wait(2, 100)
    finally:
        stop(p)
        for name in ("own", "others"):
            os.unlink(system.file("/etc/cron.d/" + name))
    own, = [m for m in got if "grüße".encode() in m["data"]]
    others, = [m for m in got if m is not own]
    assert own["rcpts"] == ["alice@web1.test"]
    assert own["sender"] == "alice@web1.test"
    assert "Cron" in parse(own)["Subject"]
    assert "root" in str(parse(own)["From"])
    assert own["data"].rstrip().endswith(b"\r\n.")
    assert others["rcpts"] == ["carol@example.com", "dave@example.com"]
    assert others["data"].endswith(b"\r\n\r\nab\r\n")


def test_at(system, relay):
    p = system.start("atd", "-f")
    try:
        r = system.call("at", "now", user="alice", input="echo from at\n")
        assert r.code == 0, r
        m, got = one(relay, 100)
    finally:
        stop(p)
    assert m["rcpts"] == ["alice@web1.test"] and b"from at" in m["data"]
    assert m["sender"] == "alice@web1.test" and got["From"]


def test_anacron(system, relay):
    """Without -i: the lone dot ends the message."""
    write(system, "/etc/anacrontab", "1 0 job echo one; echo .; echo two\n")
    r = system.call("anacron", "-d", "-f", "-n")
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"]
    assert got["Subject"].startswith("Anacron job 'job'")
    assert b"one" in m["data"] and b"two" not in m["data"]


def test_logwatch(system, relay):
    os.makedirs(system.file("/var/cache/logwatch"), exist_ok=True)
    r = system.call("logwatch", "--output", "mail", "--mailto", "root",
                    "--service", "zz-disk_space", "--range", "today", "--detail",
                    "low")
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"] and "Logwatch" in got["Subject"]


def test_mime_construct(system, relay):
    """What logcheck sends its reports with."""
    r = system.call("mime-construct", "--to", "root", "--subject", "report",
                    "--string", "hello\n", user="alice")
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"]
    assert got["Subject"] == "report" and got["From"]


def test_mdadm(system, relay):
    r = system.call("mdadm", "--monitor", "--test", "--oneshot",
                    "--mail=root", "/dev/md0")
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"]
    assert got["Subject"].startswith("TestMessage event on /dev/md0")


def test_smartd_warning(system, relay):
    r = system.call("/usr/share/smartmontools/smartd_warning.sh", env={
        "SMARTD_MAILER": "/usr/bin/bsd-mailx", "SMARTD_ADDRESS": "root",
        "SMARTD_MESSAGE": "disk fails", "SMARTD_FAILTYPE": "EmailTest",
        "SMARTD_TFIRST": "now", "SMARTD_TFIRSTEPOCH": "0",
        "SMARTD_DEVICE": "/dev/sda", "SMARTD_DEVICESTRING": "/dev/sda",
        "SMARTD_DEVICETYPE": "auto", "SMARTD_FULLMESSAGE": "disk fails",
        "SMARTD_SUBJECT": "SMART error", "SMARTD_PREVCNT": "0",
        "SMARTD_NEXTDAYS": "0", "SMARTD_DEVICEINFO": "disk"})
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"] and b"disk fails" in m["data"]


def test_sudo(system, relay):
    write(system, "/etc/sudoers.d/mail", "Defaults mail_no_user\n", 0o440)
    system.call("setsid", "sudo", "-n", "true", user="alice")
    m, got = one(relay)
    assert m["rcpts"] == ["admin@example.com"]
    assert "SECURITY" in got["Subject"] and b"alice" in m["data"]


def test_fail2ban(system, relay):
    """Its sendmail action: when the jail starts, and when it bans."""
    system.call("sh", "-c", "rm -rf /tmp/f2b*; cp -r /etc/fail2ban /tmp/f2b; "
                "rm -f /tmp/f2b/jail.d/*; : > /tmp/f2b.log")
    write(system, "/tmp/f2b/filter.d/test.conf",
          "[Definition]\nfailregex = ^ bad <HOST>$\n")
    # a ban that it remembers from another run would not be told again
    write(system, "/tmp/f2b/fail2ban.local", "[Definition]\ndbfile = None\n")
    write(system, "/tmp/f2b/jail.local", "[test]\nenabled = true\n"
          "filter = test\nbackend = polling\nmaxretry = 2\n"
          "logpath = /tmp/f2b.log\naction = sendmail[name=test, dest=root, "
          "sender=fail2ban@web1.test]\n")
    p = system.start("fail2ban-server", "-xf", "-c", "/tmp/f2b",
                      "-s", "/tmp/f2b.sock", "-p", "/tmp/f2b.pid", "start")
    try:
        m, got = one(relay)
        assert m["rcpts"] == ["admin@example.com"]
        assert m["sender"] == "fail2ban@web1.test"
        assert "[Fail2Ban] test: started" in got["Subject"]
        # whoever attacks goes on; what came first it may not have seen
        end = time.monotonic() + 60
        while len(relay.messages) < 2 and time.monotonic() < end:
            with open(system.file("/tmp/f2b.log"), "a") as f:
                f.write(time.strftime("%Y-%m-%d %H:%M:%S")
                        + " bad 192.0.2.7\n")
            with relay.arrived:
                relay.arrived.wait(0.5)
        m = relay.wait(2, 1)[1]
        assert "banned 192.0.2.7" in parse(m)["Subject"]
    finally:
        stop(p)


def test_procmail(system, relay):
    write(system, "/home/alice/.procmailrc",
          ":0\n! carol@example.com dave@example.com\n", owner="alice")
    r = system.call("procmail", user="alice", env={"HOME": "/home/alice"},
                    input=MAILBOX)
    assert r.code == 0, r
    m, got = one(relay)
    assert m["sender"] == "alice@web1.test"
    assert m["rcpts"] == ["carol@example.com", "dave@example.com"]
    assert got["Return-Path"] is None and got["From"] == "x@y.example"
    assert b"\r\n\r\nbody\r\n.\r\nmore\r\n" in m["data"]


def test_maildrop(system, relay):
    """Forwards with an empty -f, and the mbox line in front."""
    write(system, "/home/alice/.mailfilter",
          'cc "!carol@example.com dave@example.com"\nto "/dev/null"\n', 0o600,
          owner="alice")
    r = system.call("maildrop", "/home/alice/.mailfilter", user="alice",
                    env={"HOME": "/home/alice"}, input=MAILBOX)
    assert r.code == 0, r
    m, got = one(relay)
    assert m["sender"] == ""
    assert m["rcpts"] == ["carol@example.com", "dave@example.com"]
    assert got["From"] == "x@y.example" and b"From x@" not in m["data"]
    assert m["data"].endswith(b"\r\n\r\nbody\r\n.\r\nmore\r\n")


def test_mailbot(system, relay):
    write(system, "/tmp/reply", "I am away\n")
    r = system.call("mailbot", "-t", "/tmp/reply", "-A",
                    "From: alice@web1.test", "/usr/sbin/sendmail", "-f", "",
                    "-t", user="alice", input=MAILBOX.split("\n", 1)[1])
    assert r.code == 0, r
    m, got = one(relay)
    assert m["sender"] == "" and m["rcpts"] == ["x@y.example"]
    assert got["Auto-Submitted"] == "auto-replied"


def test_vacation(system, relay):
    write(system, "/home/alice/.vacation.msg", "Subject: away\n\nnot here\n",
          owner="alice")
    home = {"HOME": "/home/alice"}
    assert system.call("vacation", "-i", user="alice", env=home).code == 0
    r = system.call("vacation", "alice", user="alice", env=home,
                    input=MAILBOX.replace("\nFrom:", "\nTo: alice@web1.test"
                                          "\nFrom:"))
    assert r.code == 0, r
    m, got = one(relay)
    assert m["rcpts"] == ["x@y.example"] and got["Subject"] == "away"


@pytest.mark.parametrize("mode", ["sendmail", "postfix"])
def test_check_mailq(system, relay, mode):
    plugin = "/usr/lib/nagios/plugins/check_mailq"
    r = system.call(plugin, "-M", mode, "-w", "2", "-c", "4")
    assert r.code == 0, r
    relay.stop()
    for i in range(3):
        assert system.call("sendmail", "carol@example.com", user="alice",
                           input="Subject: x\n\nx\n").code == 0
    r = system.call(plugin, "-M", mode, "-w", "2", "-c", "4")
    assert r.code == 1 and "3" in r.out, r

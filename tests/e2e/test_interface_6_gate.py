# SPDX-License-Identifier: ISC
"""INTERFACE 6: the gate, also as somebody uses it who is up to no good."""
import os
import socket
import time

import pytest

from worker import crc32c


@pytest.fixture
def gated(make_house, relay):
    """A house with a gate, and the daemon that listens there."""
    h = make_house(relay)
    h.gate = os.path.join(h.folder, "gate")
    h.configure(relay, queue={"gate": h.gate, "max_message_size": "1M",
                              "max_recipients": "3"})
    h.d = h.daemon()
    h.d.wait_line("started")
    return h


NOBODY = 65534


def draft(h, uid=None):
    """What any process may ask for: (descriptor, id) of a draft."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        if uid is None:
            s.connect(h.gate)
        else:
            here = os.getcwd()
            os.chmod(h.folder, 0o755)
            os.chdir(h.folder)
            os.seteuid(uid)     # the kernel's word for who connects
            try:
                s.connect("gate")
            finally:
                os.seteuid(0)
                os.chdir(here)
        s.send(b"draft")
        text, fds, _, _ = socket.recv_fds(s, 4096, 1)
    assert text.startswith(b"draft "), text
    return fds[0], text.split()[1].decode()


def write(fd, ident, rcpts, data=b"Subject: x\r\n\r\nbody\r\n", claimed=None,
          sender="a@client.test"):
    """Commits a draft; claimed is the size that it says to have."""
    env = ("id %s\narrival %d\nuid %d\nsender %s\n" % (
        ident, time.time() * 1e6, os.getuid(), sender)
        + "".join("rcpt %s\n" % r for r in rcpts)).encode()
    size = len(data) if claimed is None else claimed
    head = b"sendoff 1 queued %08x %010d %019d %08x %08x " % (
        0, len(env), size, crc32c(env), crc32c(data))
    os.pwrite(fd, env + b"\n" + data, 84)
    os.ftruncate(fd, 84 + len(env) + 1 + size)
    os.pwrite(fd, head + b"%08x\n" % crc32c(head), 0)
    os.close(fd)


def test_a_good_one_goes_out(gated, relay):
    fd, ident = draft(gated)
    write(fd, ident, ["b@example.com"])
    assert relay.wait(1)[0]["rcpts"] == ["b@example.com"]


def test_a_sparse_giant_is_put_aside(gated, relay):
    fd, ident = draft(gated)
    write(fd, ident, ["b@example.com"], claimed=1 << 40)
    line = gated.d.wait_line("max_message_size")
    assert ident in line and "corrupt/" in line
    assert str(os.getuid()) in line
    gated.submit("c@example.com")
    assert relay.wait(1)[0]["rcpts"] == ["c@example.com"]
    assert gated.files("corrupt") == [ident]


def test_too_many_recipients_are_put_aside(gated, relay):
    for n in (4, 7):
        fd, ident = draft(gated)
        write(fd, ident, ["r%d@example.com" % i for i in range(n)])
        assert ident in gated.d.wait_line(" %d recipients" % n)
    gated.submit("c@example.com")
    assert relay.wait(1)[0]["rcpts"] == ["c@example.com"]
    assert len(gated.files("corrupt")) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_require_user_from_binds_who_writes_the_file_himself(gated, relay):
    gated.configure(relay, queue={"gate": gated.gate},
                    identity={"require_user_from": "yes"})
    gated.d.stop()
    gated.d = gated.daemon()
    gated.d.wait_line("started")
    fd, ident = draft(gated, NOBODY)
    write(fd, ident, ["b@example.com"], sender="ceo@client.test")
    line = gated.d.wait_line("against [identity]")
    assert ident in line and "ceo@client.test" in line
    for sender in ("nobody@client.test", "nobody@localhost"):
        fd, ident = draft(gated, NOBODY)
        write(fd, ident, ["b@example.com"], sender=sender)
    assert {m["sender"] for m in relay.wait(2)} == {
        "nobody@client.test", "nobody@localhost"}
    assert len(gated.files("corrupt")) == 1

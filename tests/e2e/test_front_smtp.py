# SPDX-License-Identifier: ISC
"""-bs and -bS: a session on standard input and output."""
import os
import smtplib
import socket
import subprocess

import pytest

from queued import queued


@pytest.fixture
def front(make_house):
    return make_house(None)


class Session(smtplib.SMTP):
    """Python's client over a pair of sockets, as inetd would give us."""

    def __init__(self, house, *args):
        mine, theirs = socket.socketpair()
        self.p = subprocess.Popen([house.program("sendmail"), "-C", house.conf,
                                   "-bs", *args], stdin=theirs, stdout=theirs,
                                  stderr=subprocess.PIPE)
        theirs.close()
        self.pair = mine
        super().__init__("local", local_hostname="me.test")

    def _get_socket(self, host, port, timeout):
        self.pair.settimeout(20)
        return self.pair

    def end(self):
        self.quit()
        return self.p.wait(20)


def dialogue(house, text, *args):
    r = house.sendmail("-bs", *args, input=text)
    return r, [x[:3] for x in r.out.splitlines() if x[3:4] == " "]


def test_smtplib(front):
    s = Session(front)
    assert s.ehlo()[0] == 250
    for name in ("pipelining", "size", "8bitmime", "smtputf8", "dsn",
                 "chunking", "enhancedstatuscodes"):
        assert s.has_extn(name), name
    s.sendmail("a@b.example", ["c@d.example", "root"],
               "Subject: x\r\n\r\n.dot\r\n..\r\n",
               mail_options=["RET=HDRS", "ENVID=q1"],
               rcpt_options=["NOTIFY=NEVER"])
    assert s.end() == 0
    m, = queued(front)
    assert m.sender == "a@b.example"
    assert m.addresses == ["c@d.example", "root@client.test"]
    assert m.body == b".dot\r\n..\r\n"
    assert m.fields["ret"] == "headers" and m.fields["envid"] == "q1"
    assert m.rcpts[0][1]["notify"] == "never"
    assert "with ESMTP" in m.field("Received")[0]
    assert m.field("Date") and m.field("Message-ID") and m.field("From")


def test_accepted_is_durable(front):
    """250 comes when the file is there, not at the end of the session."""
    s = Session(front)
    s.sendmail("a@b.example", ["c@d.example"], "Subject: x\r\n\r\nhi\r\n")
    assert len(queued(front)) == 1
    s.p.kill()
    s.p.wait()
    s.close()
    assert len(queued(front)) == 1


def test_many_in_one_session(front):
    s = Session(front)
    for i in range(20):
        s.sendmail("a@b.example", ["c%d@d.example" % i], "X: y\r\n\r\n%d" % i)
    assert s.end() == 0
    assert [m.addresses[0] for m in queued(front)] == [
        "c%d@d.example" % i for i in range(20)]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r",
                                 b"\r\n.\r", b"\r.\r\n", b"\r\n.\r\r\n",
                                 b"\n\r.\r\n"])
def test_smuggling(front, end):
    """What is no CRLF.CRLF does not end the message, and does not come out of
    it as one either."""
    evil = end + b"MAIL FROM:<evil@e.example>\r\nRCPT TO:<v@w.example>\r\n" \
        b"DATA\r\nSubject: evil\r\n\r\nx\r\n.\r\n"
    r, codes = dialogue(front, b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n"
                        b"RCPT TO:<c@d.example>\r\nDATA\r\nSubject: x\r\n\r\n"
                        b"good" + evil + b"QUIT\r\n")
    m, = queued(front)
    assert codes == ["220", "250", "250", "250", "354", "250", "221"]
    assert m.sender == "a@b.example" and b"evil@e.example" in m.body
    body = m.body.replace(b"\r\n", b"")
    assert b"\r" not in body and b"\n" not in body


def test_header_and_policy(make_house):
    h = make_house(None, queue={"max_message_size": "1K", "max_hops": "2",
                                "max_recipients": "1"})
    head = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
    r, codes = dialogue(h, (
        "MAIL FROM:<a@b.example> SIZE=2000\r\n" + head +
        "RCPT TO:<e@f.example>\r\nDATA\r\n\r\n" + "y\r\n" * 1000 + ".\r\n" +
        head + "DATA\r\n" + "Received: x\r\n" * 3 + "\r\n.\r\n" +
        head + "RSET\r\nQUIT\r\n"))
    assert codes == ["220", "552", "250", "250", "452", "354", "552",
                     "250", "250", "354", "554", "250", "250", "250", "221"], r
    assert queued(h) == []


def test_chunking(front):
    r, codes = dialogue(front, b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n"
                        b"RCPT TO:<c@d.example>\r\nBDAT 12\r\nSubject: x\r\n"
                        b"BDAT 9 LAST\r\n\r\n.\r\nhi\r\nQUIT\r\n")
    assert codes == ["220", "250", "250", "250", "250", "250", "221"]
    assert queued(front)[0].body == b".\r\nhi\r\n"


def test_bcc_does_not_leak(front):
    dialogue(front, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
             "DATA\r\nBcc: secret@x.example\r\n\r\n.\r\nQUIT\r\n")
    assert b"secret" not in queued(front)[0].data


@pytest.mark.parametrize("text, code", [
    ("QUIT\r\n", 0), ("", 0), ("NOOP\r\n", 0),
    ("MAIL FROM:<a@b.example>\r\n", 74),
    ("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nx: y\r\n", 74),
    ("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 10\r\nx", 74),
])
def test_ends(front, text, code):
    assert dialogue(front, text)[0].code == code
    assert front.files() == []


def test_expn_and_vrfy(front):
    front.aliases("team: a@b.example, c@d.example\n")
    r, codes = dialogue(front, "EXPN team\r\nVRFY team\r\nQUIT\r\n")
    assert codes == ["220", "250", "252", "221"]
    assert "250-2.1.5 <a@b.example>" in r.out
    assert "250 2.1.5 <c@d.example>" in r.out


def test_reader_is_gone(front):
    """Nobody takes our replies: the end, and no SIGPIPE."""
    p = subprocess.run(["/bin/sh", "-c", "exec \"$@\" | true", "sh",
                        front.program("sendmail"), "-C", front.conf, "-bs"],
                       input=b"NOOP\r\n" * 1000, timeout=20)
    assert p.returncode == 0


def test_batch(front):
    r = front.sendmail("-bS", input=(
        "HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
        "DATA\r\nSubject: 1\r\n\r\none\r\n.\r\n"
        "MAIL FROM:<a@b.example>\r\nRCPT TO:<e@f.example>\r\n"
        "DATA\r\nSubject: 2\r\n\r\ntwo\r\n.\r\nQUIT\r\n"))
    assert (r.code, r.out, r.err) == (0, "", "")
    assert [m.body for m in queued(front)] == [b"one\r\n", b"two\r\n"]


def test_batch_with_a_bad_one(front):
    """The text of a refused message is not taken for commands."""
    r = front.sendmail("-bS", input=(
        "MAIL FROM:<a@b.example>\r\nRCPT TO:<>\r\n"
        "DATA\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<v@w.example>\r\n"
        "DATA\r\n.\r\n"
        "MAIL FROM:<a@b.example>\r\nRCPT TO:<e@f.example>\r\n"
        "DATA\r\nSubject: 2\r\n\r\ntwo\r\n.\r\n"))
    assert r.code == 65 and r.out == "" and "no valid recipients" in r.err
    m, = queued(front)
    assert m.addresses == ["e@f.example"]


def test_random_bytes(front):
    """Whatever comes: an end, and nothing that was not submitted."""
    seed = 1
    for size in (1, 10, 1000, 100000):
        data = bytearray()
        while len(data) < size:
            seed = (seed * 1103515245 + 12345) % 2 ** 31
            data += [b"MAIL FROM:<a@b>\r\n", b"BDAT 5\n", b"\r\n.\r\n", b"\0",
                     bytes([seed >> 8 & 255]), b"EHLO x\n", b"DATA\r\n",
                     b"RSET\r\n"][seed >> 16 & 7]
        r = front.sendmail("-bs", input=bytes(data))
        assert r.code in (0, 74), r
        assert front.sendmail("-bS", input=bytes(data)).code in (0, 64, 65, 74)
    assert queued(front) == []


def test_pipelined_at_once(front):
    """A client that writes the whole session without waiting."""
    r, codes = dialogue(front, (
        "EHLO x\r\n" + "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
        "DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\n" * 50 + "QUIT\r\n"))
    assert r.code == 0 and codes.count("354") == 50
    assert len(queued(front)) == 50
    assert os.listdir(front.queue + "/corrupt") == []

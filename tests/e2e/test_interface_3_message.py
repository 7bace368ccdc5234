# SPDX-License-Identifier: ISC
"""INTERFACE 3: what becomes of the bytes of a message."""
import os
import pwd
import re
import subprocess

import pytest

from queued import queued

ME = pwd.getpwuid(os.getuid()).pw_name
USUAL = "From: a@b.test\nDate: Tue, 1 Jan 2030 00:00:00 +0000\n" \
    "Message-ID: <1@b.test>\n"


@pytest.fixture
def front(make_house):
    return make_house(None)


def take(front, text, *args, **kw):
    """The only message in the queue after this submission."""
    args = args or ("x@y.test",)
    r = front.sendmail(*args, input=text, **kw)
    assert (r.code, r.out, r.err) == (0, "", ""), r
    m, = queued(front)
    return m


def own(m):
    """The header without the one field that is always put on top."""
    assert m.header.startswith(b"Received: "), m.header
    return re.sub(rb"\AReceived: [^\n]*\n(?:[ \t][^\n]*\n)*", b"", m.header)


# --- line ends and odd bytes -------------------------------------------------

@pytest.mark.parametrize("text, body", [
    ("H: x\n\na\nb\n", b"a\r\nb\r\n"),
    ("H: x\r\n\r\na\r\nb\r\n", b"a\r\nb\r\n"),
    ("H: x\r\n\na\r\nb\nc", b"a\r\nb\r\nc\r\n"),
    ("H: x\n\na\rb\r\rc\n", b"a\r\nb\r\n\r\nc\r\n"),
    ("H: x\n\na\0b\0\n", b"ab\r\n"),
    ("H: x\n\n\ra\n", b"\r\na\r\n"),
    ("H: x\n\na\r.\rb\n", b"a\r\n.\r\nb\r\n"),
    ("H: x\n\n\0.\nb\n", None),
    ("H: x\n\n", b""),
    ("H: x\n", b""),
    ("H: x", b""),
    ("", b""),
    ("\n", b""),
    ("\nbody\n", b"body\r\n"),
    ("no header\nat all\n", b"no header\r\nat all\r\n"),
    ("H: x\nno header\n\nbody\n", b"no header\r\n\r\nbody\r\n"),
    (b"H: x\n\n\xff\xfe\x80\n", b"\xff\xfe\x80\r\n"),
    ("H: x\n\n>From a\nFrom b\n", b">From a\r\nFrom b\r\n"),
])
def test_body(front, text, body):
    m = take(front, text)
    if body is not None:
        assert m.body == body
    assert b"\0" not in m.data
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", m.data)


def test_bare_cr_in_the_header_is_a_space(front):
    m = take(front, USUAL + "Subject: a\rBcc: evil@e.test\r\rb\n\nx\n")
    assert m.field("Subject") == ["a Bcc: evil@e.test  b"]
    assert m.addresses == ["x@y.test"]


def test_nul_in_the_header_is_dropped(front):
    m = take(front, USUAL + "Sub\0ject: a\0b\n\nx\n")
    assert m.field("Subject") == ["ab"] or m.field("Subject") == []
    assert b"\0" not in m.data


@pytest.mark.parametrize("line", [
    "From root Tue Jan  1 00:00:00 2030\n", "From a@b.test  x\r\n",
    ">From root Tue Jan  1 00:00:00 2030\n"])
def test_mbox_line_is_dropped(front, line):
    m = take(front, line + USUAL + "Subject: s\n\nb\n")
    if line[0] == ">":
        return
    assert m.field("Subject") == ["s"] and b"From root" not in m.data
    assert m.body == b"b\r\n"


def test_without_i_a_dot_ends_and_the_rest_is_dropped(front):
    assert take(front, "H: x\n\na\n.\nEVIL\n").body == b"a\r\n"


@pytest.mark.parametrize("opt", ["-i", "-oi", "-ti", "-OIgnoreDots",
                                 "-oiTrue"])
def test_with_i_a_dot_is_data(front, opt):
    m = take(front, "To: x@y.test\n\na\n.\nb\n", opt, "x@y.test")
    assert m.body == b"a\r\n.\r\nb\r\n"


def test_a_dot_in_the_header_ends(front):
    assert take(front, "H: x\n.\n\nEVIL\n").body == b""


# --- what is added, removed, kept --------------------------------------------

def test_added_headers(front):
    m = take(front, "Subject: s\n\nb\n", "-f", "joe@b.test", "x@y.test")
    assert m.field("From") and "joe@b.test" in m.field("From")[0]
    assert re.fullmatch(r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"
                        r"( \(\w+\))?", m.field("Date")[0])
    assert re.fullmatch(r"<[^<>@\s]+@client\.test>", m.field("Message-ID")[0])
    r, = m.field("Received")
    assert m.id in r and "by client.test " in r
    assert m.field("Subject") == ["s"]


def test_nothing_is_added_that_is_there(front):
    text = USUAL + "Subject: s\n"
    m = take(front, text + "\nb\n")
    assert own(m) == text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("name", ["Bcc", "bcc", "BCC", "Resent-Bcc",
                                  "Return-Path", "Content-Length"])
def test_removed_headers(front, name):
    m = take(front, USUAL + "%s: secret@e.test,\n more@e.test\nTo: a@b.test\n"
             "\nb\n" % name)
    assert m.field(name) == [] and b"secret" not in m.data
    assert b"more@e" not in m.data and m.field("To") == ["a@b.test"]
    assert m.addresses == ["x@y.test"]


def test_every_other_header_stays_byte_for_byte(front):
    text = USUAL + (
        "Received: from x by y; Tue, 1 Jan 2030 00:00:00 +0000\n"
        "X-Odd:no space\nx-UPPER  : spaces\nSubject:   folded\n\tonce \n"
        "  twice  \nTo: \"Joe, X\" <j@b.test> (c), grp: a@b.test;\n"
        "X-Raw: \xfc\nX-Empty:\nDKIM-Signature: v=1; b=abc\n def==\n"
        "X-Errors-To: root\n")
    m = take(front, text.encode("latin-1") + b"\nb\n")
    assert own(m) == text.encode("latin-1").replace(b"\n", b"\r\n")


def test_raw_8bit_header_asks_for_no_smtputf8(house, relay):
    house.submit("x@y.test", input="Subject: gr\u00fcn\n\nb\n")
    house.once()
    assert "SMTPUTF8" not in relay.messages[0]["mail"]
    assert "Subject: gr\u00fcn".encode() in relay.messages[0]["data"]


@pytest.mark.parametrize("name", ["From", "Sender", "Reply-To", "To", "Cc",
                                  "Resent-From", "Resent-To", "Resent-Cc",
                                  "Resent-Sender", "Resent-Reply-To"])
def test_addresses_are_completed(front, name):
    m = take(front, '%s: joe, "J" <ann> (c), x@z.test\n\nb\n' % name)
    got, = m.field(name)
    assert "joe@client.test" in got and "<ann@client.test>" in got
    assert "x@z.test" in got


def test_other_headers_are_not_completed(front):
    m = take(front, USUAL + "X-To: joe\nErrors-To: joe\n\nb\n")
    assert m.field("X-To") == ["joe"] and m.field("Errors-To") == ["joe"]


def test_g_adds_received_and_nothing_else(front):
    text = "Subject: s\nTo: joe\nFrom: ann\nReturn-Path: <x@y.test>\n"
    m = take(front, text + "\nb\n", "-G", "x@y.test")
    assert own(m) == text.replace("\n", "\r\n").encode()


def test_null_sender_gets_mailer_daemon(front):
    m = take(front, "Subject: s\n\nb\n", "-f", "<>", "x@y.test")
    assert m.sender == "" and "MAILER-DAEMON@client.test" in m.field("From")[0]


@pytest.mark.parametrize("args, env, want", [
    (["-F", "Joe Doe"], {}, "Joe Doe <%s@client.test>" % ME),
    (["-FJoe Doe"], {"NAME": "Ann"}, "Joe Doe <%s@client.test>" % ME),
    ([], {"NAME": "Ann"}, "Ann <%s@client.test>" % ME),
    (["-F", "A, B"], {}, '"A, B" <%s@client.test>' % ME),
    (["-f", "joe@b.test", "-F", "X"], {}, "X <joe@b.test>"),
])
def test_full_name(front, args, env, want):
    assert take(front, "Subject: s\n\nb\n", *args, "x@y.test",
                env=env).field("From") == [want]


def test_full_name_beyond_ascii_is_encoded(front):
    m = take(front, "Subject: s\n\nb\n", "-F", "J\u00f6rg", "x@y.test")
    got, = m.field("From")
    assert re.match(r"=\?utf-8\?[qb]\?[^ ?]+\?= <", got, re.I), got


def test_full_name_cannot_add_a_line(front):
    for name in ("x\nBcc: evil@e.test", "x\r\nBcc: evil@e.test", "x\rBcc: y"):
        r = front.sendmail("-F", name, "x@y.test", input="Subject: s\n\nb\n")
        for m in queued(front):
            assert m.field("Bcc") == [] and m.addresses == ["x@y.test"]


def test_time_zone_is_the_machines(front):
    m = take(front, "Subject: s\n\nb\n", "x@y.test", env={"TZ": "XXX-11:30"})
    assert "+1130" not in m.field("Date")[0]


def test_added_lines_stay_within_998(front):
    m = take(front, "To: " + ", ".join(["joe"] * 400) + "\n\nb\n", "-F",
             "n" * 1500, "x@y.test")
    assert max(len(x) for x in m.header.split(b"\r\n")) <= 998
    assert m.field("To")[0].count("joe@client.test") == 400


# --- Resent- -----------------------------------------------------------------

RESENT = USUAL + "To: orig@y.test\nCc: orig2@y.test\n"


def test_resent_block_supplies_the_recipients(front):
    m = take(front, "Resent-To: r@y.test\nResent-Cc: c@y.test\n"
             "Resent-Bcc: b@y.test\n" + RESENT + "\nb\n", "-t")
    assert set(m.addresses) == {"r@y.test", "c@y.test", "b@y.test"}
    assert b"b@y.test" not in m.data
    for n in ("Resent-Date", "Resent-From", "Resent-Message-ID"):
        assert len(m.field(n)) == 1, n
    assert m.field("Message-ID") == ["<1@b.test>"]


def test_only_the_first_resent_block(front):
    m = take(front, "Resent-To: new@y.test\nResent-From: n@b.test\n"
             "Resent-Date: Tue, 1 Jan 2030 00:00:00 +0000\n"
             "Received: from x by y\n"
             "Resent-To: old@y.test\nResent-Bcc: hid@y.test\n" + RESENT
             + "\nb\n", "-t")
    assert m.addresses == ["new@y.test"]
    assert b"hid@" not in m.data


def test_resent_bcc_alone(front):
    m = take(front, "Resent-Bcc: b@y.test\n" + RESENT + "\nb\n", "-t")
    assert m.addresses == ["b@y.test"] and b"b@y.test" not in m.data


def test_without_t_resent_is_no_recipient(front):
    m = take(front, "Resent-To: r@y.test\n" + RESENT + "\nb\n")
    assert m.addresses == ["x@y.test"]


# --- recipients --------------------------------------------------------------

@pytest.mark.parametrize("header, want", [
    ("To: a@b.test", ["a@b.test"]),
    ("To: A <a@b.test>, b@b.test", ["a@b.test", "b@b.test"]),
    ("To: (c) a (d) @ (e) b.test (f)", ["a@b.test"]),
    ("To: grp: a@b.test, b@b.test;, c@b.test",
     ["a@b.test", "b@b.test", "c@b.test"]),
    ("To: undisclosed-recipients:;\nBcc: a@b.test", ["a@b.test"]),
    ("To: <@r1.test,@r2.test:a@b.test>", ["a@b.test"]),
    ('To: "quoted local"@b.test', ['"quoted local"@b.test']),
    ("To: \"x, y\" <a@b.test>,\n\tb@b.test\nCC: c@b.test",
     ["a@b.test", "b@b.test", "c@b.test"]),
    ("To: j\u00f6rg@b\u00fccher.test", ["j\u00f6rg@b\u00fccher.test"]),
    ("To: a@b.test\nTo: c@b.test", ["a@b.test", "c@b.test"]),
    ("To: a@[192.0.2.1]", ["a@[192.0.2.1]"]),
    ("To: =?utf-8?q?J=C3=B6rg?= <a@b.test>", ["a@b.test"]),
])
def test_t_takes_all_address_forms(front, header, want):
    m = take(front, header + "\n\nb\n", "-t")
    assert m.addresses == want


def test_t_adds_to_the_command_line(front):
    m = take(front, "To: a@b.test\n\nb\n", "-t", "x@y.test")
    assert set(m.addresses) == {"x@y.test", "a@b.test"}


@pytest.mark.parametrize("args, want", [
    (["a@b.test", "a@b.test"], ["a@b.test"]),
    (["a@b.test", "a@B.TEST"], ["a@b.test"]),
    (["a@b.test", "A@b.test"], ["a@b.test", "A@b.test"]),
    (["joe", "joe@client.test"], ["joe@client.test"]),
    (["a@b.test,c@b.test", "A X <a@b.test>"], ["a@b.test", "c@b.test"]),
])
def test_duplicates_are_sent_once(front, args, want):
    assert take(front, "H: x\n\nb\n", *args).addresses == want


def test_t_and_duplicates(front):
    m = take(front, "To: a@b.test, c@b.test\nCc: a@B.test\nBcc: c@b.test\n"
             "\nb\n", "-t", "a@b.test")
    assert sorted(m.addresses) == ["a@b.test", "c@b.test"]


@pytest.mark.parametrize("text", ["Subject: x\n\nTo: a@b.test\n", "", "To:\n\n",
                                  "To: undisclosed-recipients:;\n\nb\n"])
def test_t_without_a_recipient_is_65(front, text):
    r = front.sendmail("-t", input=text)
    assert r.code == 65 and r.err.count("\n") == 1 and front.files() == [], r


def test_one_bad_recipient_among_good_ones(house, relay):
    r = house.sendmail("-t", "-f", "alice@client.test", input=(
        "To: good@y.test, bad address@@y.test\n\nb\n"))
    assert r.code == 0 and r.out == "" and r.err.count("\n") == 1, r
    assert "@@y.test" in r.err
    house.once()
    assert [m["rcpts"] for m in relay.messages if m["sender"]] == [
        ["good@y.test"]]
    report, = [m for m in relay.messages if not m["sender"]]
    assert report["rcpts"] == ["alice@client.test"]
    assert house.files() == []


@pytest.mark.parametrize("rcpt", [
    "a@b\nRCPT TO:<evil@e.test>", "a@b.test\r\n.\r\n", "a\rb@c.test",
    "a@b.test\0", "<a@b.test", "a@", "@b.test", "a b@c.test",
    "a@b..test", "a@-b.test", "x" * 65 + "@b.test",
    "a@" + "b." * 130 + "test", "a@" + "b" * 64 + ".test",
    "|/bin/true", "/tmp/file"])
def test_a_bad_recipient_alone_is_65(front, rcpt):
    if "\0" in rcpt:
        return
    r = front.sendmail("--", rcpt, input="H: x\n\nb\n")
    if rcpt in ("|/bin/true", "/tmp/file") and r.code == 0:
        # a name like any other, completed: nothing is run or written
        m, = queued(front)
        assert m.addresses == [rcpt + "@client.test"]
        return
    assert r.code == 65 and r.err.count("\n") == 1, r
    assert front.files() == []


# --- constant memory, odd inputs ---------------------------------------------

def test_input_that_comes_byte_by_byte(front):
    p = subprocess.Popen([front.program("sendmail"), "-C", front.conf, "-t"],
                         stdin=subprocess.PIPE, bufsize=0)
    for c in b"To: a@b.test\r\n\r\nx\r\n.y\n.\nz":
        p.stdin.write(bytes([c]))
    p.stdin.close()
    assert p.wait() == 0
    m, = queued(front)
    assert m.body == b"x\r\n.y\r\n" and m.addresses == ["a@b.test"]


def test_x_and_d_are_logged_and_write_nothing(make_house, tmp_path):
    log, target = tmp_path / "log", tmp_path / "target"
    h = make_house(None, log={"target": "file:%s" % log})
    for opt in ("-X", "-D"):
        r = h.sendmail(opt, str(target), "x@y.test", input="H: x\n\nb\n")
        assert r.code == 0 and r.err == ""
    assert not target.exists()
    assert log.read_text().count(str(target)) == 2

# SPDX-License-Identifier: ISC
"""Random words, messages, aliases and dialogues: never a crash, nothing
queued that was refused, nothing queued but what was submitted."""
import os
import random

from queued import queued

CODES = (0, 64, 65, 69, 70, 71, 72, 73, 74, 75, 77, 78)
OPTIONS = (
    "-t -i -oi -f -r -F -bm -bv -bt -N -R -V -B -U -G -n -m -h -L -p -odi "
    "-odb -odq -oem -oee -oep -oeq -em -O -oQ -A -Am -d -d0-99.5 -s -T -x -D "
    "-X -- - -ti -it -bp -v -E -J -K -o -b -Q -oA -oX").encode().split()
VALUES = [
    b"joe", b"root", b"a@b.example", b"\"q q\"@d.example", b"<c@d.example>",
    b"Name <n@d.example>", b"a@b,c@d", b"", b"<>", b"never", b"full", b"hdrs",
    b"success,failure", b"7BIT", b"3", b"99999999999", b"-1", b"smtp:host",
    b"Timeout.queuereturn=1d", b"MaxMessageSize=1", b"DeliveryMode=q",
    b"Foo=1", b"=", b"/etc/passwd", b"|sh", b":include:/etc/passwd",
    b"\\root", b"root+x", b"@", b"a@", b"@b", b"x" * 70 + b"@b.example",
    b"a\nb@c", b"a\rb@c.example", b"\xff\xfe", b"\xc3\xa4@b.example", b"team",
    b"loop", b"cmd", b"a;b:c@d.example;"]
ALIASES = "team: x@e.example, y@e.example\nloop: loop2\nloop2: loop\n" \
    "cmd: |/bin/sh\nroot: admin@e.example\n"


def forget(house):
    for name in house.files():
        os.unlink(os.path.join(house.queue, "queue", name))


def sane(r):
    assert r.code in CODES, r
    assert "Sanitizer" not in r.err and "runtime error" not in r.err, r


def test_random_words(make_house):
    rnd, house = random.Random(5321), make_house(None)
    house.aliases(ALIASES)
    for _ in range(150):
        argv = []
        for _ in range(rnd.randrange(7)):
            argv.append(rnd.choice(OPTIONS if rnd.random() < .5 else VALUES))
            if rnd.random() < .1:
                argv[-1] += rnd.choice(VALUES)
        if any(a.startswith((b"-q", b"-bd", b"-bD", b"-C", b"-bs", b"-bS"))
               for a in argv):
            continue
        r = house.sendmail(*argv, input=b"To: hdr@d.example\n\nBODY\n")
        sane(r)
        found = queued(house)
        assert r.code == 0 or found == [], (argv, r)
        assert all(m.body == b"BODY\r\n" for m in found), argv
        assert len(found) <= 1, argv
        forget(house)


PIECES = [b"\n", b"\r\n", b"\r", b"\0", b".\n", b"To: ", b"Bcc: s@x.example",
          b"From ", b" folded", b":", b"\"", b"(", b"<", b">", b",", b";",
          b"=?utf-8?q?=0A?=", b"\xc3\xa4", b"\xff", b"a@b.example",
          b"Resent-To: ", b"x" * 1200, b"Content-Type: multipart/mixed; "
          b"boundary=b\n", b"--b\n"]


def test_random_messages(make_house):
    """Whatever the bytes: the envelope is what -t may read, Bcc is gone, and
    every line ends in CRLF."""
    rnd, house = random.Random(5322), make_house(None)
    for _ in range(120):
        text = b"".join(rnd.choice(PIECES) for _ in range(rnd.randrange(40)))
        r = house.sendmail("-t", "-i", "known@x.example", input=text)
        sane(r)
        for m in queued(house):
            assert r.code == 0
            rest = m.data.replace(b"\r\n", b"")
            assert b"\n" not in rest and b"\r" not in rest and \
                b"\0" not in rest
            assert m.field("Bcc") == []
            assert "known@x.example" in m.addresses
            assert not any(c in a for a in m.addresses for c in "\r\n\0")
        forget(house)


def test_random_aliases(make_house):
    rnd, house = random.Random(822), make_house(None)
    pieces = [b"root", b"a", b":", b",", b" ", b"\n", b"\\", b"\"", b"|x",
              b"/x", b":include:", b"/dev/null", b"owner-", b"#", b"\0",
              b"\xff", b"a@b.example", b"\t"]
    for _ in range(100):
        text = b"".join(rnd.choice(pieces) for _ in range(rnd.randrange(60)))
        with open(os.path.join(house.folder, "aliases"), "wb") as f:
            f.write(text)
        sane(house.call("newaliases"))
        r = house.sendmail("root", "a", input=b"S: x\n\nBODY\n")
        sane(r)
        found = queued(house)
        assert (r.code == 0) == (len(found) == 1), (text, r)
        assert all(m.body == b"BODY\r\n" for m in found)
        forget(house)


def test_ten_thousand(make_house, relay):
    """As many recipients as are allowed, each once."""
    house = make_house(relay)
    to = ["u%d@x.example" % i for i in range(10000)]
    text = "To: " + ",\n ".join(to) + "\nSubject: x\n\nhi\n"
    house.submit("-t", "-i", input=text)
    house.once()
    assert house.files() == []
    assert sorted(a for m in relay.messages for a in m["rcpts"]) == sorted(to)
    r = house.sendmail("-t", input="To: more@x.example, " + text[4:])
    assert r.code == 65 and house.files() == []


def test_a_list_that_cannot_be_read_now(make_house):
    """Nothing is queued, nothing bounces; one that is not there is the
    alias's fault, and the others are served."""
    house = make_house(None)
    house.aliases("now: :include:/proc/self/mem\ngone: :include:/not/there\n")
    r = house.sendmail("now", "good@x.example", input="\n\n")
    assert r.code == 75 and house.files() == [], r
    r = house.sendmail("-bs", input="MAIL FROM:<a@b.example>\r\n"
                       "RCPT TO:<now>\r\nRCPT TO:<gone>\r\nQUIT\r\n")
    assert "\r\n451 4.3.0" in r.out and "\r\n550 5.3.5" in r.out, r
    r = house.sendmail("gone", "good@x.example", input="\n\n")
    assert r.code == 0 and "reported to the sender" in r.err, r
    assert queued(house)[0].addresses[0] == "good@x.example"
    forget(house)
    assert house.sendmail("gone", input="\n\n").code == 65

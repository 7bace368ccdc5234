# SPDX-License-Identifier: ISC
"""INTERFACE 2: [identity], [rewrite] and [aliases], as the queue shows them."""
import os
import re

import pytest

from queued import queued

ROOT = {"input": "From: root\nTo: x@y.test\nSubject: s\n\nb\n"}


def only(house):
    m, = queued(house)
    return m


def config(make_house, **sections):
    return make_house(None, **sections)


# --- [identity] --------------------------------------------------------------

def test_hostname_and_domain(make_house):
    h = config(make_house, identity={"hostname": "box.lan.test",
                                     "domain": "corp.test"})
    h.submit("-f", "joe", "x@y.test")
    m = only(h)
    assert m.sender == "joe@corp.test"
    assert re.fullmatch(r"<[^@]+@box\.lan\.test>", m.field("Message-ID")[0])
    assert "by box.lan.test" in m.field("Received")[0]
    assert "joe@corp.test" in m.field("From")[0]


def test_sender_replaces_every_sender_but_null(make_house):
    h = config(make_house, identity={"hostname": "c.test", "domain": "c.test",
                                     "sender": "alerts@corp.test"})
    h.submit("-f", "joe@else.test", "x@y.test")
    h.submit("x@y.test")
    h.submit("-f", "<>", "x@y.test")
    assert [m.sender for m in queued(h)] == [
        "alerts@corp.test", "alerts@corp.test", ""]


def test_from_replaces_the_address_and_keeps_the_name(make_house):
    h = config(make_house, identity={"hostname": "c.test", "domain": "c.test",
                                     "from": "alerts@corp.test"})
    h.submit("x@y.test", input='From: "Joe, the box" <joe@else.test>\n\nb\n')
    assert only(h).field("From") == ['"Joe, the box" <alerts@corp.test>']


def test_from_replaces_an_added_one_too(make_house):
    h = config(make_house, identity={"hostname": "c.test", "domain": "c.test",
                                     "from": "alerts@corp.test"})
    h.submit("-F", "Joe", "x@y.test")
    assert only(h).field("From") == ["Joe <alerts@corp.test>"]


# --- [rewrite] ---------------------------------------------------------------

@pytest.mark.parametrize("sender, want", [
    ("root", "alerts@example.com"),
    ("root@client.test", "alerts@example.com"),
    ("root@localhost", "alerts@example.com"),
    ("root@Client.Test", "alerts@example.com"),
    ("root@else.test", "root@else.test"),
    ("joe@inside.lan", "joe.public@example.com"),
    ("joe@INSIDE.LAN", "joe.public@example.com"),
    ("ann@inside.lan", "ann@example.com"),
    ("root@inside.lan", "root@example.com"),
    ("ann@sub.inside.lan", "ann@sub.inside.lan"),
    ("ann@example.com", "ann@elsewhere.test"),
    ("", ""),
])
def test_rewriting_of_senders(make_house, sender, want):
    """An address beats a name, which beats @domain; one pass."""
    h = config(make_house, rewrite={
        "@inside.lan": "@example.com", "root": "alerts@example.com",
        "joe@inside.lan": "joe.public@example.com",
        "@example.com": "@elsewhere.test"})
    h.submit("-f", sender, "x@y.test")
    assert only(h).sender == want


def test_rewriting_of_header_senders_only(make_house):
    h = config(make_house, rewrite={"@inside.lan": "@example.com",
                                    "root": "alerts@example.com"})
    h.submit("-t", "-f", "a@b.test", input="".join(
        "%s: ann@inside.lan\n" % n for n in (
            "From", "Sender", "Reply-To", "Disposition-Notification-To",
            "To", "Cc", "X-From", "Resent-From", "Resent-Sender",
            "Resent-Reply-To")) + "Resent-To: root\n\nb\n")
    m = only(h)
    for n in ("From", "Sender", "Reply-To", "Disposition-Notification-To",
              "Resent-From", "Resent-Sender", "Resent-Reply-To"):
        assert m.field(n) == ["ann@example.com"], n
    for n in ("To", "Cc", "X-From"):
        assert m.field(n) == ["ann@inside.lan"], n
    assert m.addresses == ["root@client.test"]


def test_rewriting_keeps_name_and_comment(make_house):
    h = config(make_house, rewrite={"root": "alerts@example.com"})
    h.submit("x@y.test", input='From: "R, oot" <root> (me)\n'
             "Reply-To: root, Bob <bob@b.test>\n\nb\n")
    m = only(h)
    assert '"R, oot" <alerts@example.com>' in m.field("From")[0]
    assert m.field("Reply-To") == [
        "alerts@example.com, Bob <bob@b.test>"]


def test_identity_applies_after_rewriting(make_house):
    h = config(make_house, rewrite={"root": "a@example.com"},
               identity={"hostname": "c.test", "domain": "c.test",
                         "sender": "s@corp.test", "from": "f@corp.test"})
    h.submit("-f", "root", "x@y.test", **ROOT)
    m = only(h)
    assert m.sender == "s@corp.test" and m.field("From") == ["f@corp.test"]


# --- [aliases] ---------------------------------------------------------------

def expand(make_house, text, *rcpts, **aliases):
    h = config(make_house)
    h.configure(None, aliases=aliases)
    h.aliases(text)
    r = h.sendmail("-f", "a@b.test", *rcpts, input="Subject: x\n\nb\n")
    return h, r


@pytest.mark.parametrize("text, rcpt, want", [
    ("root: joe@x.test\n", "root", ["joe@x.test"]),
    ("root: joe@x.test\n", "ROOT", ["joe@x.test"]),
    ("root: joe@x.test\n", "root@client.test", ["joe@x.test"]),
    ("root: joe@x.test\n", "root@LOCALHOST", ["joe@x.test"]),
    ("root: joe@x.test\n", "root@else.test", ["root@else.test"]),
    ("root: joe@x.test\n", "root+cron", ["joe@x.test"]),
    ("root: joe@x.test\nroot+cron: c@x.test\n", "root+cron", ["c@x.test"]),
    ("root: a@x.test, b@x.test\n", "root", ["a@x.test", "b@x.test"]),
    ("root: a@x.test,\n  b@x.test\n", "root", ["a@x.test", "b@x.test"]),
    ("root: ops\nops: a@x.test, b@x.test\n", "root",
     ["a@x.test", "b@x.test"]),
    ("root: \\root, a@x.test\n", "root", ["root@client.test", "a@x.test"]),
    ("# c\n\nroot : a@x.test\n", "root", ["a@x.test"]),
    ('"root": a@x.test\n', "root", ["a@x.test"]),
    ("root: Joe <joe@x.test>\n", "root", ["joe@x.test"]),
    ("other: a@x.test\n", "root", ["root@client.test"]),
    ("root: a@x.test, ops\nops: a@x.test\n", "root", ["a@x.test"]),
    ("bad line\nroot: a@x.test\n", "root", ["a@x.test"]),
])
def test_aliases(make_house, text, rcpt, want):
    h, r = expand(make_house, text, rcpt)
    assert r.code == 0, r
    assert only(h).addresses == want


def test_no_alias_file_is_no_error(make_house):
    h = config(make_house)
    h.submit("root")
    assert only(h).addresses == ["root@client.test"]


def test_include(make_house, tmp_path):
    members = tmp_path / "list"
    members.write_text("a@x.test\n# no\n\nb@x.test, ops\n")
    h, r = expand(make_house, "l: :include:%s\nops: o@x.test\n" % members,
                  "l")
    assert r.code == 0, r
    assert only(h).addresses == ["a@x.test", "b@x.test", "o@x.test"]


def test_owner_is_the_sender(make_house):
    h, r = expand(make_house, "l: x@y.test\nowner-l: boss@x.test\n", "l",
                  "other@y.test")
    m = only(h)
    assert m.sender == "a@b.test"
    assert {a: p.get("sender") for a, p in m.rcpts} == {
        "x@y.test": "owner-l@client.test", "other@y.test": None}


def test_owner_on_the_wire(house, relay):
    house.aliases("l: x@y.test\nowner-l: boss@x.test\n")
    house.submit("-f", "a@b.test", "l", "other@y.test")
    house.once()
    assert {(m["sender"], tuple(m["rcpts"])) for m in relay.messages} == {
        ("owner-l@client.test", ("x@y.test",)), ("a@b.test", ("other@y.test",))}


@pytest.mark.parametrize("text, rcpt, want", [
    ("", "nobody", "all@x.test"),
    ("ops: nobody\n", "ops", "all@x.test"),
    ("joe: j@x.test\n", "joe", "j@x.test"),
    ("", "x@else.test", "x@else.test"),
    ("", "nobody@client.test", "all@x.test"),
])
def test_catchall(make_house, text, rcpt, want):
    h, r = expand(make_house, text, rcpt, catchall="all@x.test")
    assert only(h).addresses == [want]


def test_local_key(make_house):
    h, r = expand(make_house, "root: r@x.test\n", "root@a.lan",
                  "root@client.test", local="a.lan")
    assert only(h).addresses == ["r@x.test", "root@client.test"]


def test_n_takes_no_aliases(make_house):
    h, r = expand(make_house, "root: r@x.test\n", "-n", "root")
    assert only(h).addresses == ["root@client.test"]


@pytest.mark.parametrize("text", [
    "p: |/bin/cat\n", "p: \"|/bin/cat -x\"\n", "p: /var/mail/p\n",
    "p: q\nq: p\n", "p: q\nq: r\nr: q\n", "p: :include:/nowhere/list\n"])
def test_an_alias_that_cannot_be_served(make_house, text):
    h, r = expand(make_house, text, "p")
    assert r.code == 65 and r.err.count("\n") == 1 and '"p@client.test"' in r.err, r
    assert h.files() == []
    h, r = expand(make_house, text, "p", "good@x.test")
    assert r.code == 0 and '"p@client.test"' in r.err, r
    m = only(h)
    assert m.addresses[0] == "good@x.test"


def test_orig_to_and_alias_in_the_log(house, relay):
    house.aliases("root: joe@x.test\n")
    house.submit("root")
    r = house.once()
    assert re.search(r"to=<joe@x\.test>, orig_to=<root(@client\.test)?>, "
                     r"relay=", r.err), r.err


# --- newaliases --------------------------------------------------------------

def newaliases(make_house, text, *args, name="newaliases"):
    h = config(make_house)
    h.aliases(text)
    return h, h.call(name, *args)


def test_newaliases_prints_the_summary(make_house):
    h, r = newaliases(make_house, "root: joe@x.test\nops: a@x.test,b@x.test\n")
    assert r.code == 0 and r.err == ""
    assert r.out == ("%s: 2 aliases, longest 17 bytes, 34 bytes total\n"
                     % os.path.join(h.folder, "aliases")), r


@pytest.mark.parametrize("args", [["-bi"], ["-I"]])
def test_sendmail_is_newaliases(make_house, args):
    h, r = newaliases(make_house, "root: joe@x.test\n", *args,
                      name="sendmail")
    assert r.code == 0 and ": 1 aliases, longest " in r.out, r


def test_newaliases_warns_of_what_is_not_supported(make_house):
    h, r = newaliases(make_house, "p: |/bin/cat\nf: /var/mail/f\n")
    assert r.code == 0 and "2 aliases" in r.out, r
    assert "aliases:1:" in r.err and "aliases:2:" in r.err


@pytest.mark.parametrize("text, lines", [
    ("good: a@x.test\nbad\n", [2]),
    ("a: b\nb: a\n", [1]),
    ("bad\nworse\n", [1, 2]),
    ("x: a@@b\n", [1]),
])
def test_newaliases_errors(make_house, text, lines):
    h, r = newaliases(make_house, text)
    assert r.code == 65, r
    for n in lines:
        assert "aliases:%d: " % n in r.err, r

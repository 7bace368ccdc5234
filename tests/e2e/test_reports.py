# SPDX-License-Identifier: ISC
"""Delivery and disposition notifications: asked for, sent, read back."""
import glob
import json
import os
import re
import time

import pytest

import dsn_validator
from relay import Relay

PAGE = """Return-Path: <fax=123@client.test>
Received: from inside by outside; Tue, 24 Nov 2026 07:00:00 +0100
From: fax=123@client.test
To: page@example.com
Subject: Fax page
Date: Tue, 24 Nov 2026 07:00:00 +0100
Message-ID: <77@client.test>
Disposition-Notification-To: fax=123@client.test
MIME-Version: 1.0
Content-Type: image/tiff
Content-Transfer-Encoding: base64

SUkqAAgAAAA=
"""


@pytest.fixture
def house(house):
    """The queue has to be there before sendoff looks at it."""
    house.once()
    return house


def mdn(house, *args, input=PAGE, recipient="page@example.com"):
    return house.call("sendoff", "mdn", "--disposition", "displayed",
                      "--recipient", recipient, *args, input=input)


def trace(house):
    return "".join(open(f).read() for f in sorted(
        glob.glob(os.path.join(house.queue, "trace.*"))))


def test_fax_page_and_its_mdn(house, relay):
    """The page goes out with its request whole, and is answered."""
    house.submit("-t", "-f", "fax=123@client.test", "-N", "success",
                 input=PAGE)
    house.once()
    page = relay.messages[0]
    assert b"Disposition-Notification-To: fax=123@client.test\r\n" in \
        page["data"]
    arrived = "Return-Path: <fax=123@client.test>\n" + \
        page["data"].decode().replace("\r\n", "\n")
    r = mdn(house, input=arrived)
    assert r.code == 0 and re.fullmatch(r"[0-9A-F]{20}\n", r.out), r
    assert house.mailq()[0]["sender"] == "MAILER-DAEMON"
    house.once()
    answer = relay.messages[-1]
    assert answer["sender"] == "" and answer["rcpts"] == ["fax=123@client.test"]
    report = dsn_validator.check(answer["data"])
    assert report.kind == "mdn"
    assert report.value("Subject") == "Read: Fax page"
    assert report.value("Disposition", report.fields) == \
        "manual-action/MDN-sent-manually; displayed"
    assert report.value("Original-Message-ID", report.fields) == \
        "<77@client.test>"
    assert house.files() == []

    back = house.call("sendoff", "report", "--json", input=answer["data"])
    assert back.code == 0, back
    got = json.loads(back.out)
    assert got["kind"] == "mdn" and got["disposition"] == "displayed"
    assert got["action_mode"] == "manual-action"
    assert got["sending_mode"] == "MDN-sent-manually"
    assert got["modifiers"] == []
    assert got["original_message_id"] == "<77@client.test>"
    assert got["recipients"][0]["final_recipient"] == "page@example.com"


def test_page_delivered_by_relay_without_dsn(make_house):
    """T.37: the gateway learns from the subject, recipient and status that
    the page went out, though the relay knows nothing of DSN."""
    with Relay(caps=("PIPELINING", "SIZE 10485760", "8BITMIME")) as r:
        house = make_house(r)
        house.submit("-t", "-f", "fax=123@client.test", "-N", "success",
                     "-V", "page-1", input=PAGE)
        house.once()
        page, told = r.messages
    assert told["sender"] == "" and told["rcpts"] == ["fax=123@client.test"]
    report = dsn_validator.check(told["data"])
    assert report.value("Subject") == "Delivery Status Notification (Success)"
    assert report.value("Original-Envelope-Id", report.fields) == "page-1"
    rcpt = dict(report.recipients[0])
    assert rcpt["Final-Recipient"] == "rfc822;page@example.com"
    assert rcpt["Action"] == "relayed" and rcpt["Status"].startswith("2.")


REFUSE = {"RCPT": lambda session, line:
          "550 5.1.1 no" if "nobody@" in line else None}


@pytest.mark.parametrize("body, caps, whole", [
    ("hi", ("DSN",), True),
    ("\u00e4", ("8BITMIME", "DSN"), True),
    ("\u00e4", ("DSN",), False),
    ("x" * 2000, ("8BITMIME", "DSN"), False),
])
def test_full_original_only_where_it_can_travel(make_house, body, caps, whole):
    """Else the relay would refuse the report, and nobody would hear."""
    with Relay(caps=caps, replies=REFUSE) as r:
        house = make_house(r)
        house.submit("-f", "me@client.test", "-R", "full",
                     "nobody@example.com", input="Subject: hi\n\n%s\n" % body)
        house.once()
        m, = r.messages
    assert m["rcpts"] == ["me@client.test"] and m["sender"] == ""
    report = dsn_validator.check(m["data"])
    assert report.original.startswith(b"Received: ")
    assert (body.encode() in report.original) == whole


def test_mdn_only_once(house, relay):
    assert mdn(house).code == 0
    r = mdn(house)
    assert r.code == 77 and "already" in r.err, r
    assert mdn(house, recipient="other@example.com").code == 0
    assert mdn(house, input=PAGE.replace("<77@", "<78@")).code == 0
    assert len(house.files()) == 3


def test_mdn_each_consented_address(house, relay):
    two = PAGE.replace("Disposition-Notification-To: ",
                       "Disposition-Notification-To: Boss <boss@client.test>, ")
    r = mdn(house, "--sent", "automatically", input=two)
    assert r.code == 77 and "more than one" in r.err, r
    assert house.files() == []
    assert mdn(house, input=two).code == 0
    house.once()
    assert sorted(m["rcpts"][0] for m in relay.messages) == \
        ["boss@client.test", "fax=123@client.test"]
    assert all(m["sender"] == "" for m in relay.messages)


def test_mdn_automatic(house, relay):
    r = mdn(house, "--sent", "automatically", "--mode", "automatic",
            "--error", "out of paper")
    assert r.code == 0, r
    house.once()
    report = dsn_validator.check(relay.messages[0]["data"])
    assert report.value("Auto-Submitted") == "auto-replied"
    assert report.value("Disposition", report.fields) == \
        "automatic-action/MDN-sent-automatically; displayed/error"


@pytest.mark.parametrize("change, words", [
    (("Return-Path: <fax=123@client.test>", "Return-Path: <>"), "from <>"),
    (("Disposition-Notification-To", "X-No"), "not ask"),
    (("image/tiff", "multipart/report; report-type="
      "disposition-notification; boundary=x"), "report itself"),
    (("-To: fax=123@client.test\nM", "-To: g: a@b, c@d;\nM"), "a group"),
    (("-To: fax=123@client.test\nM", "-To: |/bin/sh\nM"), "domain"),
    (("-To: fax=123@client.test\nM", "-To: \"|sh x\"@client.test\nM"),
     "command"),
    (("-To: fax=123@client.test\nM", "-To: %s\nM" % ", ".join(
        "u%d@client.test" % i for i in range(100))), "more addresses"),
    (("-To: fax=123@client.test\nM",
      "-To: =?utf-8?q?a=0D=0ABcc:_x?=@client.test\nM"), "cannot be read"),
    (("MIME-Version", "Disposition-Notification-Options: "
      "signed-receipt-protocol=required,x\nMIME-Version"), "option"),
])
def test_mdn_refused(house, change, words):
    assert change[0] in PAGE
    for sent in ("manually", "automatically"):
        r = mdn(house, "--sent", sent, input=PAGE.replace(*change))
        assert r.code == 77 and words in r.err, r
        assert len(r.err.splitlines()) == 1
    assert house.files() == []


@pytest.mark.parametrize("args, code", [
    (["--disposition", "displayed"], 64),
    (["--recipient", "a@b"], 64),
    (["--disposition", "shown", "--recipient", "a@b"], 64),
    (["--disposition", "displayed", "--recipient", "a b"], 64),
    (["--disposition", "displayed", "--recipient", "<>"], 64),
    (["--disposition", "displayed", "--recipient", "a@b", "--mode", "x"], 64),
    (["--disposition", "displayed", "--recipient", "a@b", "--sent", "x"], 64),
    (["--disposition", "displayed", "--recipient", "a@b", "more"], 64),
    (["--disposition", "displayed", "--recipient", "a@b"], 65),
])
def test_mdn_usage(house, args, code):
    r = house.call("sendoff", "mdn", *args, input="" if code == 65 else PAGE)
    assert r.code == code, r
    assert house.files() == []


def test_report_of_our_bounce(house, relay):
    """A refused recipient comes back, and the report reads it."""
    house.submit("-f", "me@client.test", "-V", "e+1", "nobody@example.com",
                 input="Subject: x\nMessage-ID: <9@client.test>\n\nhi\n")
    relay.replies["RCPT"] = lambda session, line: (
        "550 5.1.1 no such user" if "nobody@" in line else None)
    house.once()
    bounce, = relay.messages
    dsn_validator.check(bounce["data"])
    r = house.call("sendoff", "report", "--json",
                   input=b"From x Tue Nov 24 07:00:00 2026\n" +
                   bounce["data"].replace(b"\r\n", b"\n"))
    assert r.code == 0, r
    got = json.loads(r.out)
    assert got["kind"] == "dsn" and got["reporting_mta"] == "client.test"
    assert got["envelope_id"] == "e+1"
    assert got["original_message_id"] == "<9@client.test>"
    rcpt, = got["recipients"]
    assert rcpt["final_recipient"] == "nobody@example.com"
    assert rcpt["action"] == "failed" and rcpt["status"] == "5.1.1"
    assert rcpt["diagnostic"] == "550 5.1.1 no such user"


DISPLAYED = """Content-Type: multipart/report;
 report-type=disposition-notification; boundary=B

--B

Your message was displayed.
--B
Content-Type: message/disposition-notification

Final-Recipient: rfc822;you@example.com
Original-Message-ID: <11@client.test>
Disposition: manual-action/MDN-sent-manually; displayed
--B--
"""


def recorded(house):
    """The events of reports in the journal of finished messages."""
    return [x for x in trace(house).splitlines() if " report " in x]


def test_report_recorded_for_a_queued_message(house, relay):
    relay.replies["RCPT"] = lambda session, line: (
        "451 4.7.1 later" if "slow@" in line else None)
    house.submit("-f", "me@client.test", "you@example.com",
                 "slow@example.com",
                 input="Subject: x\nMessage-ID: <11@client.test>\n\nhi\n")
    house.once()
    ident, = house.files()
    r = house.call("sendoff", "report", "--record", input=DISPLAYED)
    assert r.code == 0 and "disposition: displayed" in r.out, r
    line, = recorded(house)
    assert " report %s " % ident in line
    assert " mdn you@example.com " in line and " displayed " in line


def trace_json(house, *args):
    r = house.call("sendoff", "trace", "--json", *args)
    assert r.code == 0, r
    return [json.loads(x) for x in r.out.splitlines()]


def test_report_recorded_and_traced(house, relay):
    house.submit("-f", "me@client.test", "-V", "e+1", "you@example.com",
                 input="Subject: x\nMessage-ID: <11@client.test>\n\nhi\n")
    house.once()
    assert house.files() == []
    assert house.call("sendoff", "report", "--record",
                      input=DISPLAYED).code == 0
    over, = trace_json(house, "--envelope-id", "e+1")
    assert over["state"] == "over"
    told, = over["reports"]
    assert told["kind"] == "mdn" and told["action"] == "displayed"
    assert told["final_recipient"] == "you@example.com"


def test_own_answer_is_no_report_about_itself(house, relay):
    ident = mdn(house).out.strip()
    house.once()
    sent, = trace_json(house, ident)
    assert sent["reports"] == [] and sent["state"] == "over"
    assert mdn(house).code == 77


def test_no_history(make_house, relay):
    house = make_house(relay, queue={"history": "0"})
    house.once()
    assert mdn(house).code == 0
    assert mdn(house).code == 77        # RFC 8098 2.1 knows no history
    house.once()
    assert mdn(house).code == 77
    assert glob.glob(os.path.join(house.queue, "trace.*")) == []
    r = house.call("sendoff", "report", "--record", input=DISPLAYED)
    assert r.code == 78 and "history" in r.err, r


def test_report_about_nothing_of_ours(house):
    r = house.call("sendoff", "report", "--record", input=DISPLAYED)
    assert r.code == 66 and "no message" in r.err, r
    assert "disposition: displayed" in r.out
    assert recorded(house) == []


def test_report_with_a_large_original(house):
    """What is over the limit is read away; nothing before it is lost."""
    head = ("Content-Type: multipart/report; report-type=delivery-status; "
            "boundary=B\n\n--B\n\nx\n--B\nContent-Type: message/"
            "delivery-status\n\nReporting-MTA: dns;a\n\nFinal-Recipient: "
            "rfc822;a@b\nAction: failed\nStatus: 5.0.0\n\n--B\n"
            "Content-Type: message/rfc822\n\nMessage-ID: <1@x>\n\n")
    r = house.call("sendoff", "report", "--json",
                   input=head + "x" * 70 + "\n" + ("y" * 70 + "\n") * 300000 +
                   "--B--\n")
    assert r.code == 0, r
    got = json.loads(r.out)
    assert got["problem"] is None and got["original_message_id"] == "<1@x>"


@pytest.mark.parametrize("text, words", [
    ("From: a@b\n\nhello\n", "neither"),
    ("", "neither"),
    ("Content-Type: message/delivery-status\n\nReporting-MTA: dns;x\n\n"
     "Final-Recipient: rfc822;a@b\nAction: lost\n", "malformed"),
])
def test_report_refused(house, text, words):
    r = house.call("sendoff", "report", input=text)
    assert r.code == 65 and words in r.err, r
    if words == "malformed":
        assert "recipient: a@b" in r.out


def test_report_usage(house):
    assert house.call("sendoff", "report", "x").code == 64
    assert house.call("sendoff", "report", "--xml").code == 64


THREE = """EHLO me
MAIL FROM:<sender@client.test> RET=HDRS ENVID=124567
RCPT TO:<user1@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;user1
RCPT TO:<user2@example.com> NOTIFY=FAILURE ORCPT=rfc822;user2
RCPT TO:<user3@example.com> NOTIFY=NEVER ORCPT=rfc822;user3
DATA
Subject: three

body of it
.
QUIT
""".replace("\n", "\r\n")


def submit_three(house):
    r = house.call("sendmail", "-bs", input=THREE)
    assert r.code == 0 and r.out.count("\r\n250 2.1.5") == 3, r
    house.once()


def test_three_recipients_relay_with_dsn(house, relay):
    """RFC 3461's parameters go on as they came, and nothing is reported."""
    submit_three(house)
    m, = relay.messages
    assert m["mail"]["RET"] == "HDRS" and m["mail"]["ENVID"] == "124567"
    assert {a: (p["NOTIFY"], p["ORCPT"]) for a, p in m["rcpt"]} == {
        "user1@example.com": ("SUCCESS,DELAY", "rfc822;user1"),
        "user2@example.com": ("FAILURE", "rfc822;user2"),
        "user3@example.com": ("NEVER", "rfc822;user3")}
    assert house.files() == []


def test_three_recipients_relay_without_dsn(make_house):
    """One report, about whom a report was wanted: 1 was relayed, 2 refused;
    that 3 was refused too is nobody's to know."""
    refuse = {"RCPT": lambda session, line: "550 5.2.1 closed"
              if "user2@" in line or "user3@" in line else None}
    with Relay(caps=("PIPELINING", "8BITMIME"), replies=refuse) as r:
        house = make_house(r)
        submit_three(house)
        m, told = r.messages
        assert house.files() == []
    assert m["rcpts"] == ["user1@example.com"]
    assert "NOTIFY" not in m["rcpt"][0][1] and "RET" not in m["mail"]
    assert told["sender"] == "" and told["rcpts"] == ["sender@client.test"]
    report = dsn_validator.check(told["data"])
    assert report.value("Original-Envelope-Id", report.fields) == "124567"
    groups = [dict(g) for g in report.recipients]
    assert [(g["Original-Recipient"], g["Action"], g["Status"])
            for g in groups] == [("rfc822;user1", "relayed", "2.0.0"),
                                 ("rfc822;user2", "failed", "5.2.1")]
    assert b"body of it" not in told["data"]
    assert "user3" not in report.text


def test_delay_is_told_once_to_who_wants_it(make_house):
    """A delay notice for who asked or said nothing; never a second one."""
    defer = {"RCPT": lambda session, line: "451 4.7.1 later"
             if "@example.com" in line else None}
    with Relay(caps=("PIPELINING",), replies=defer) as r:
        house = make_house(r, queue={"warn_after": "1s"})
        house.submit("-f", "a@client.test", "nothing@example.com")
        house.submit("-f", "b@client.test", "-N", "delay,failure",
                     "delay@example.com")
        house.submit("-f", "c@client.test", "-N", "failure",
                     "failure@example.com")
        house.submit("-f", "d@client.test", "-N", "never",
                     "never@example.com")
        house.submit("-f", "<>", "bounce@example.com")
        end = time.monotonic() + 20
        while len(r.messages) < 2:
            assert time.monotonic() < end, r.messages
            assert house.sendmail("-q").code == 0
        for _ in range(3):
            assert house.sendmail("-q").code == 0
        assert len(house.files()) == 5
        told = {m["rcpts"][0]: m for m in r.messages}
    assert len(r.messages) == 2
    assert set(told) == {"a@client.test", "b@client.test"}
    report = dsn_validator.check(told["a@client.test"]["data"])
    assert report.value("Subject") == "Delayed Mail (still being retried)"
    group, = (dict(g) for g in report.recipients)
    assert group["Action"] == "delayed" and group["Status"] == "4.7.1"
    assert group["Final-Recipient"] == "rfc822;nothing@example.com"
    assert group["Will-Retry-Until"] and group["Last-Attempt-Date"]
    assert "no need to send it again" in " ".join(report.text.split())

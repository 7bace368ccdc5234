# SPDX-License-Identifier: ISC
"""Delivery and disposition notifications, sentence by sentence."""
import json
import os
import re
import threading
import time

import pytest

import dsn_validator
from queued import queued
from relay import HANG, Relay

REFUSE = {"RCPT": lambda session, line: "550 5.1.1 no such user"
          if "nobody" in line else None}


def fields(report):
    """The per-recipient groups as dicts."""
    return [dict(g) for g in report.recipients]


# --- no storms ---------------------------------------------------------------

def test_reports_to_one_sender_are_capped(make_house):
    """What is over the cap waits and says why; others are not held up."""
    with Relay(replies=REFUSE) as r:
        house = make_house(r)
        text = "MAIL FROM:<loop@client.test>\r\n" \
            "RCPT TO:<nobody@example.com>\r\nDATA\r\nSubject: x\r\n\r\n.\r\n"
        assert house.sendmail("-bS", input=text * 205).code == 0
        house.submit("-f", "other@client.test", "nobody@example.com")
        house.submit("-f", "loop@client.test", "-N", "success,failure",
                     "nobody@example.com")
        out = house.once()
        told = [m["rcpts"][0] for m in r.messages]
        assert told.count("other@client.test") == 1
        assert 200 <= told.count("loop@client.test") <= 203
        waiting = house.mailq()
        assert len(waiting) == 206 + 1 - len(told)
        for m in waiting:
            assert m["queue_name"] == "deferred"
            rcpt, = m["recipients"]
            assert rcpt["address"] == "nobody@example.com"
            assert "no such user" in rcpt["delay_reason"]
        assert "too many reports to <loop@client.test>" in out.err
        assert house.sendmail("-q").code == 0   # another run counts anew
        assert house.files() == []
        assert len(r.messages) == 207


def test_a_report_that_cannot_be_addressed_waits_alone(make_house):
    """The aliases cannot be read for the moment: the rest goes on."""
    with Relay(replies=REFUSE) as r:
        house = make_house(r, aliases={"file": "/proc/self/mem"})
        house.submit("-f", "me@client.test", "nobody@example.com")
        house.submit("-f", "me@client.test", "fine@example.com")
        out = house.once()
        assert "report waits: /proc/self/mem" in out.err
        assert [m["rcpts"] for m in r.messages] == [["fine@example.com"]]
        assert len(house.files()) == 1
        house.configure(r)
        assert house.sendmail("-q").code == 0
        assert house.files() == []
        assert r.messages[1]["rcpts"] == ["me@client.test"]
        assert len(r.messages) == 2


# --- reports as others write them --------------------------------------------

SAMPLES = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "fuzz", "corpus", "report")


@pytest.mark.parametrize("name, mta, about, rcpts", [
    ("qmail-three", "mx1.example.com",
     "<20030303110420.8447.qmail@mx1.example.com>",
     [("bob@example.net", "failed", "5.1.1"),
      ("carol@far.example.net", "failed", "5.7.1"),
      ("dave@slow.example.net", "failed", None)]),
    ("exim-pipe", "mail.example.org", "<E1Vxyz9-0001AZ-AB@mail.example.org>",
     [("nobody@example.com", "failed", "5.1.1"),
      ("second@example.com", "failed", None),
      ("bob@example.org", "failed", None), ("x@example.org", "failed", None)]),
    ("exchange-2003", "corp.example", "<orig-1@example.org>",
     [("nobody@corp.example", "failed", "5.1.1"),
      ("Smith, John", "failed", "5.2.3")]),
    ("exchange-2016", "EX1.corp.example", "<9@example.org>",
     [("nobody@corp.example", "failed", "5.1.10")]),
    ("t37-dsn", "gw.example.net", None, [("+4930123", "delivered", "2.0.0")]),
])
def test_report_of_others(make_house, name, mta, about, rcpts):
    with open(os.path.join(SAMPLES, name), "rb") as f:
        text = f.read()
    house = make_house()
    r = house.call("sendoff", "report", "--json", input=text)
    assert r.code == 0 and r.err == "", r
    got = json.loads(r.out)
    assert (got["kind"], got["reporting_mta"]) == ("dsn", mta)
    assert got["original_message_id"] == about
    assert [(x["final_recipient"], x["action"], x["status"])
            for x in got["recipients"]] == rcpts
    r = house.call("sendoff", "report", input=text)
    assert r.code == 0 and "recipient: " + rcpts[0][0] in r.out


def test_fax_gateways_mdn(make_house):
    with open(os.path.join(SAMPLES, "t37-mdn"), "rb") as f:
        got = json.loads(make_house().call("sendoff", "report", "--json",
                                           input=f.read()).out)
    assert (got["kind"], got["disposition"]) == ("mdn", "dispatched")
    assert (got["action_mode"], got["sending_mode"]) == (
        "automatic-action", "MDN-sent-automatically")
    assert got["modifiers"] == ["warning"]
    assert got["original_message_id"] == "<77@client.test>"
    rcpt, = got["recipients"]
    assert rcpt["original_recipient"] == "FAX=+4930123@gw.example.net"


# --- MDN ---------------------------------------------------------------------

PAGE = """Return-Path: <fax=123@client.test>
From: fax=123@client.test
To: page@example.com
Subject: Fax page
Message-ID: <77@client.test>
Disposition-Notification-To: fax=123@client.test

page
"""


@pytest.mark.parametrize("word, written, subject", [
    ("displayed", "displayed", "Read"), ("deleted", "deleted", "Deleted"),
    ("dispatched", "dispatched", "Dispatched"),
    ("processed", "processed", "Processed"),
    ("denied", "processed/denied", "Denied"),
    ("failed", "processed/error", "Failed")])
@pytest.mark.parametrize("mode", ["manual", "automatic"])
@pytest.mark.parametrize("sent", ["manually", "automatically"])
def test_each_disposition(house, relay, word, written, subject, mode, sent):
    """Every row of RFC 8098's table, made, sent, and read back."""
    house.once()
    r = house.call("sendoff", "mdn", "--disposition", word, "--mode", mode,
                   "--sent", sent, "--recipient", "page@example.com",
                   input=PAGE)
    assert r.code == 0, r
    house.once()
    m, = relay.messages
    assert m["sender"] == "" and m["rcpt"][0][1]["NOTIFY"] == "NEVER"
    report = dsn_validator.check(m["data"])
    assert report.value("Disposition", report.fields) == \
        "%s-action/MDN-sent-%s; %s" % (mode, sent, written)
    assert report.value("Subject") == subject + ": Fax page"
    got = json.loads(house.call("sendoff", "report", "--json",
                                input=m["data"]).out)
    assert got["disposition"] == written.split("/")[0]
    assert got["modifiers"] == written.split("/")[1:]
    assert got["action_mode"] == mode + "-action"
    assert got["sending_mode"] == "MDN-sent-" + sent
    assert got["original_message_id"] == "<77@client.test>"


def test_a_refused_mdn_is_nobodys_business(make_house):
    with Relay(replies={"RCPT": lambda s, line: "550 5.1.1 no"
                        if "fax" in line else None}) as r:
        house = make_house(r)
        house.once()
        assert house.call("sendoff", "mdn", "--disposition", "displayed",
                          "--recipient", "page@example.com",
                          input=PAGE).code == 0
        house.once()
        assert house.files() == [] and r.messages == []


@pytest.mark.parametrize("args, head, want", [
    ([], "Disposition-Notification-To: me, Joe <joe@x.example>\n",
     ["me@client.test, Joe <joe@x.example>"]),
    ([], "Disposition-Notification-To: old@client.test\n",
     ["new@client.test"]),
    ([], "Disposition-Notification-To: a@x.example\n"
     "Disposition-Notification-Options: x=optional,1\n", ["a@x.example"]),
    (["-f", ""], "Disposition-Notification-To: a@x.example\n"
     "Disposition-Notification-Options: x=optional,1\n", []),
    ([], "Disposition-Notification-To: a@x.example\n"
     "Content-Type: multipart/report; boundary=b; "
     "report-type=disposition-notification\n", []),
])
def test_requests_pass_unharmed(make_house, args, head, want):
    house = make_house(None, rewrite={"old@client.test": "new@client.test"})
    house.submit(*args, "you@example.com", input=head + "\nx\n")
    m, = queued(house)
    assert m.field("Disposition-Notification-To") == want
    assert len(m.field("Disposition-Notification-Options")) == \
        (head.count("-Options") if want else 0)


def test_a_dropped_request_is_logged(make_house, tmp_path):
    log = tmp_path / "log"
    house = make_house(None, log={"target": "file:%s" % log})
    house.once()                            # who makes the log file
    house.submit("-f", "", "you@example.com",
                 input="Disposition-Notification-To: a@x.example\n\nx\n")
    assert "RFC 8098 2.1" in log.read_text()
    assert house.files()[0] in log.read_text()


# --- each is told once -------------------------------------------------------

def test_told_when_known_and_once(make_house):
    """Different fates over several passes: each in one report, none twice."""
    answers = {"now": "550 5.1.1 no such user", "later": "451 4.3.0 later"}
    with Relay(replies={"RCPT": lambda s, line: next(
            (v for k, v in answers.items() if k in line), None)}) as r:
        house = make_house(r)
        house.submit("-f", "me@client.test", "now@example.com",
                     "later@example.com", "fine@example.com")
        house.once()
        house.sendmail("-q")
        answers["later"] = "550 5.2.2 full"
        house.sendmail("-q")
        assert house.files() == []
        first, second = [m for m in r.messages if m["sender"] == ""]
    for m, who, status in ((first, "now@", "5.1.1"), (second, "later@", "5.2.2")):
        group, = fields(dsn_validator.check(m["data"]))
        assert who in group["Final-Recipient"] and group["Status"] == status


def test_success_is_reported_after_a_crash(make_house):
    """Killed when one of two was served: he is told of both, and served
    once."""
    hangs = threading.Event()

    def second(session, line):
        if "two" not in line:
            return None
        if session.rcpts:
            return "452 4.5.3 too many"
        hangs.set()
        return HANG
    with Relay(caps=("PIPELINING",), replies={"RCPT": second}) as r:
        house = make_house(r)
        house.submit("-f", "me@client.test", "-N", "success",
                     "one@example.com", "two@example.com")
        d = house.daemon()
        assert hangs.wait(20)
        d.wait_line("to=<one@example.com>")
        end = time.monotonic() + 20         # the journal comes after the log
        while not any(" outcome 0 " in x for x in queued(house)[0].journal):
            assert time.monotonic() < end
        d.p.kill()
        d.p.wait()
        r.replies.clear()
        # its worker may live on for a moment, and holds the message
        house.daemon()
        house.wait_empty()
        told = {g["Final-Recipient"]
                for m in r.messages if m["sender"] == ""
                for g in fields(dsn_validator.check(m["data"]))}
        assert told == {"rfc822;one@example.com", "rfc822;two@example.com"}
        served = [a for m in r.messages if m["sender"] for a in m["rcpts"]]
        assert sorted(served) == ["one@example.com", "two@example.com"]


# --- relays that refuse the null sender --------------------------------------

def no_null(session, line):
    return "501 5.1.7 no null sender here" if "<>" in line else None


def test_sender_of_bounces(make_house):
    """A report goes out under it, and is not bounced itself; nor is what
    comes under its name."""
    with Relay(replies={**REFUSE, "MAIL": no_null}) as r:
        house = make_house(r, bounce={"sender": "bounces@client.test"})
        house.submit("-f", "me@client.test", "nobody@example.com")
        house.submit("-f", "nobody@client.test", "nobody@example.com")
        house.submit("-f", "bounces@client.test", "nobody@example.com")
        house.once()
        assert house.files() == []
        assert all(m["sender"] == "bounces@client.test" for m in r.messages)
        assert sorted(m["rcpts"][0] for m in r.messages) == [
            "me@client.test", "postmaster@client.test",
            "postmaster@client.test"]


@pytest.mark.parametrize("postmaster, to", [
    ("postmaster", ["admin@x.example"]), ("none", []),
    ("boss@y.example", ["boss@y.example"]), ("nobody@y.example", [])])
def test_double_bounces(make_house, postmaster, to):
    """Through the aliases, or dropped with a log line; never a third one."""
    with Relay(replies=REFUSE) as r:
        house = make_house(r, bounce={"postmaster": postmaster})
        house.aliases("postmaster: admin@x.example\n")
        house.submit("-f", "nobody@client.test", "nobody@example.com")
        out = house.once()
        assert house.files() == []
        assert [m["rcpts"] for m in r.messages] == [to] * len(to)
        assert ("report dropped" in out.err) == (to == [])
        for m in r.messages:
            report = dsn_validator.check(m["data"])
            assert "nobody@client.test" in fields(report)[0]["Final-Recipient"]

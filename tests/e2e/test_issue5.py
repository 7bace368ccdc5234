# SPDX-License-Identifier: ISC
"""Delivery and disposition notifications, sentence by sentence."""
import json
import os
import re

import pytest

import dsn_validator
from queued import queued
from relay import Relay

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

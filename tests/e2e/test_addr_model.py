# SPDX-License-Identifier: ISC
"""Address lists as core/mail/addr reads them, beside Python's parser of RFC
5322: where we accept a whole list, Python has to find the same addresses.
Where we refuse, nothing is compared: refusing beats guessing."""
import json
import os
import random
import re
import subprocess
from email import _header_value_parser as model

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
DUMP = os.path.join(TOP, "build", "lib", "addr_dump")
BITS = ["a@b.c", "a@b.c", "\"x y\"@d.e", "a", "bob", "c.d", "\"x y\"",
        "\"q\"", "@", "@", "example.com", "b.c", "<", ">", "<", ">", ",", ",",
        " ", "(c)", "(n (m))", ":", ";", "g: ", "[1.2.3.4]", "[IPv6:::1]",
        ".", "John Doe ", "\"D, J\" ", "<@r:", "\r\n ",
        "undisclosed-recipients:;"]


def read(lists):
    """Our answer to each: a list of addresses, None for one refused."""
    subprocess.run(["make", "-s", "build/lib/addr_dump"], cwd=TOP, check=True)
    out = subprocess.run(
        [DUMP], check=True, stdout=subprocess.PIPE,
        input=b"".join(b"%d\n%s\n" % (len(x), x) for x in
                       (x.encode() for x in lists)))
    return [json.loads(x) for x in out.stdout.splitlines()]


def read_model(text):
    """Python's: the valid ones. It takes white space or a comment behind a
    group for a defective mailbox, so those are left out."""
    found, rest = model.get_address_list(text.replace("\r\n", ""))
    assert not rest, text
    return [m.addr_spec for m in found.all_mailboxes
            if m.token_type != "invalid-mailbox"]


def test_agrees():
    rng = random.Random(5322)
    lists = ["".join(rng.choice(BITS) for _ in range(rng.randint(1, 9)))
             for _ in range(30000)]
    compared = 0
    for text, ours in zip(lists, read(lists)):
        # A bare local part is ours alone; "a@b <a@b>" is refused there.
        if None in ours or not all("@" in x for x in ours):
            continue
        theirs = read_model(text)
        if len(theirs) < len(ours) and re.search("@[^,;]*<", text):
            continue
        compared += 1
        assert ours == theirs, text
    assert compared > 1000

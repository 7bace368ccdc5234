# SPDX-License-Identifier: ISC
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "lib"))

import dsn_validator                                        # noqa: E402
from house import House                                     # noqa: E402
from pki import Pki                                         # noqa: E402
from relay import Relay                                     # noqa: E402


@pytest.fixture(autouse=True)
def reports_are_valid(monkeypatch):
    """Every report of ours that any test's relay is handed, taken or not, has
    to pass the strict validator."""
    relays, init = [], Relay.__init__

    def note(self, *args, **kw):
        init(self, *args, **kw)
        relays.append(self)
    monkeypatch.setattr(Relay, "__init__", note)
    yield
    for r in relays:
        for m in r.messages + r.refused:
            if b'boundary="=_sendoff_' in m["data"].split(b"\r\n\r\n")[0]:
                assert dsn_validator.faults(m["data"]) == [], m["data"]


@pytest.fixture
def relay():
    with Relay() as r:
        yield r


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def house(tmp_path, relay):
    h = House(tmp_path, relay)
    yield h
    h.close()


@pytest.fixture
def make_house(tmp_path):
    """make_house(relay, section={...}) for another configuration."""
    made = []

    def make(relay=None, /, **sections):
        folder = tmp_path / ("house%d" % len(made))
        folder.mkdir()
        made.append(House(folder, relay, **sections))
        return made[-1]
    yield make
    for h in made:
        h.close()

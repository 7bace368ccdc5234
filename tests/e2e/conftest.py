# SPDX-License-Identifier: ISC
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "lib"))

from house import House                                     # noqa: E402
from pki import Pki                                         # noqa: E402
from relay import Relay                                     # noqa: E402


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

# SPDX-License-Identifier: ISC
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "lib"), HERE]

import callers                                              # noqa: E402
import roots                                                # noqa: E402
from relay import Relay                                     # noqa: E402
from system import System                                   # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "long: run by make check-long")


def pytest_collection_modifyitems(items):
    wanted = bool(os.environ.get("SENDOFF_LONG"))
    items[:] = [i for i in items
                if bool(i.get_closest_marker("long")) == wanted]
    why = roots.why_not()
    if why:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def system():
    """sendoff among the programs that call it."""
    s = System("callers", callers.PACKAGES)
    # those of the packages are not what is tested
    for name in os.listdir(s.file("/etc/cron.d")):
        os.unlink(s.file("/etc/cron.d/" + name))
    callers.write(s, "/etc/aliases", "root: admin@example.com\n")
    yield s
    s.close()


@pytest.fixture
def relay(system):
    with Relay() as r:
        system.configure(r)
        system.daemon().wait_line("started")
        yield r
    system.close()
    system.empty()

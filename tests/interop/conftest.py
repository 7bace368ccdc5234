# SPDX-License-Identifier: ISC
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "lib"), HERE]

import roots                                                # noqa: E402


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

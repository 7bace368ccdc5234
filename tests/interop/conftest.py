# SPDX-License-Identifier: ISC
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "lib"), HERE]

import roots                                                # noqa: E402


def pytest_collection_modifyitems(items):
    why = roots.why_not()
    if why:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=why))

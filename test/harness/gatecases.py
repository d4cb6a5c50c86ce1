"""What must be refused: every case of cases_*.py, each with the row of check.def that says no.

A case gets a home at a stage of an honest order and returns the one request that must be refused.
Everything before that request is honest and must succeed. test_gate.py asserts the row and that
nothing changed; mutate.py takes the row out and asserts that the case then goes another way.
SPDX-License-Identifier: Apache-2.0
"""
import re

import cases_document  # noqa: F401  each adds its cases
import cases_order  # noqa: F401
import cases_passkey  # noqa: F401
import cases_roster  # noqa: F401
import cases_signature  # noqa: F401
import cases_statement  # noqa: F401
import tools
from gatecase import CASES  # noqa: F401


def rows():
    """id -> (requests, why) of src/seal/check.def."""
    text = (tools.ROOT / "src/seal/check.def").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = re.findall(r'^X\((\w+),\s*([^"]*?),\s*[^,"]+?,\s*(\w+),\s*"((?:[^"\\]|\\.)*)"', text, flags=re.S | re.M)
    return {ident: (where, why) for ident, where, _, why in found}

"""The gate under random requests: a walk against a model, and valid requests with bytes changed.

WRIT_FULL=1 makes both ten times as long.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import gate  # noqa: E402
import gatecase  # noqa: E402
import gaterun  # noqa: E402
import gatewalk  # noqa: E402
import pyformats  # noqa: E402
import tools  # noqa: E402
from sealclient import Connection, Gone  # noqa: E402

TIMES = 10 if os.environ.get("WRIT_FULL") else 1
STEPS, MUTATIONS = 2000 * TIMES, 1000 * TIMES


@pytest.fixture(scope="module", params=["one", "three"])
def bench(request):
    if not tools.program("writ-seal", hooks=True):
        pytest.fail("writ-seal with test hooks is not in %s" % tools.build(True))
    if request.param == "three" and gaterun.three_users():
        pytest.skip(gaterun.three_users())
    with gaterun.Bench(request.param) as made:
        yield made


def test_walk_against_the_model(bench, record_testsuite_property):
    record_testsuite_property("requests of each walk", STEPS)
    record_testsuite_property("requests with changed bytes", MUTATIONS)
    counted = gatewalk.walk(bench, STEPS, 1 if bench.users == "one" else 2)
    assert counted["release done"] >= 10 * TIMES, "a walk that releases next to nothing shows nothing"
    assert len([k for k in counted if k.startswith("release ") and k != "release done"]) >= 8


# ---- valid requests with bytes changed ----

def valid(h, life, other):
    """(stage, request that is accepted there)"""
    return {
        "founded": [gatecase.ticketing(h, h.scope("W-BBBB-0001")), gatecase.beginning(h, h.person("helga", "approve")),
                    gatecase.signed(h, "halt", h.halting("halt"), ["emil"]), gatecase.Attack("tick", size=0, count=0)],
        "ticket": [gatecase.receipting(h, life)] if life and life.ticket else [],
        "receipt": [gatecase.stating(h, life)] if life and life.receipt else [],
        "approved": [gatecase.releasing(h, life), gatecase.signed(h, "void", h.ending("void", life.ref), ["anna"]),
                     gatecase.destroying(h, h.ending("destroy", life.ref))] if life and life.signatures else [],
    }


def mutated(rng, raw, foreign):
    """One to four changes of a datagram; the first byte may go too."""
    raw = bytearray(raw)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at, n = rng.randrange(len(raw)), rng.choice((1, 1, 2, 8, 64))
        kind = rng.randrange(8)
        if kind == 0:
            raw[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            raw[at] = rng.choice(b'0123456789abcdef"{}[],:\\ \n\0\xff')
        elif kind == 2:
            del raw[at:at + n]
        elif kind == 3:
            raw[at:at] = raw[at:at + n]
        elif kind == 4:
            raw[at:at] = bytes(rng.choices(b'0123456789"{}[],:', k=n))
        elif kind == 5:
            there = rng.randrange(len(raw))
            raw[at:at + n], raw[there:there + n] = raw[there:there + n], raw[at:at + n]
        elif kind == 6:
            there = rng.randrange(len(foreign))
            raw[at:at + n] = foreign[there:there + n]
        else:
            digits = [i for i, x in enumerate(raw) if chr(x).isdigit()]
            if digits:
                raw[rng.choice(digits)] = rng.choice(b"0123456789")
        if not raw:
            raw = bytearray(b"t")
    return bytes(raw)


def allowed(h, life, attack, sent, answer):
    """An accepted mutation says nothing that people did not sign and the hand did not say."""
    asked = json.loads(sent[1:])
    assert asked["request"] == attack.request
    if attack.request == "release":
        gate.check_release(h, life, answer)
        return
    for key, kind in (("document", attack.request), ("scope", "scope")):
        if key in asked:
            assert asked[key] == attack.fields[key], "a document that nobody signed"
            for one in asked["signatures"]:
                pyformats.sshsig(one, "writ-%s@v1" % kind, asked[key].encode(), "signature")
            assert len(asked["signatures"]) == len(attack.fields["signatures"])
    if attack.request == "receipt":
        assert asked["ticket"] == life.id and asked["header"] == attack.fields["header"]
    if attack.request == "statement":
        assert asked["ticket"] == life.id and set(asked["recipients"]) <= {"PJ-Paris 2026", "PJ-Paris second"}


@pytest.mark.parametrize("stage", ["founded", "ticket", "receipt", "approved"])
def test_changed_bytes(bench, stage):
    rng = random.Random("%s %s" % (stage, bench.users))
    share = {"founded": 4, "ticket": 1, "receipt": 1, "approved": 4}[stage] * MUTATIONS // 10
    accepted = refused = ended = 0
    foreign = bench.other.life.statement.encode() + bench.other.life.scope.encode()
    h = bench.thaw(stage)
    try:
        attacks = valid(h, h.life, bench.other)[stage]
        before = h.visible(["W-BBBB-0001", gaterun.REF])
        for n in range(share):
            attack = attacks[n % len(attacks)]
            sent = mutated(rng, b"t" + attack.text().encode(), foreign)
            link = Connection(h.socket, h.uid_of(attack.by))
            try:
                link.datagram(sent)
                answer, _ = link.receive()
            except Gone:
                ended += 1
                assert h.alive(), "the seal died of %r\n%s" % (sent, h.errors())
                continue
            finally:
                link.close()
            if not answer["ok"]:
                refused += 1
                continue
            accepted += 1
            allowed(h, h.life, attack, sent, answer)
            h.remove()
            h = bench.thaw(stage)
            attacks = valid(h, h.life, bench.other)[stage]
        assert h.visible(["W-BBBB-0001", gaterun.REF]) == before, "something was changed by refused requests"
        assert accepted + refused + ended == share and refused and ended
    finally:
        h.remove()

"""A draft is checked whole: every mistake at once, none passed over as an unknown field."""

from __future__ import annotations

import copy

import pytest

from labrec.errors import InvalidError
from labrec.record import draft, yaml12
from labrec.record.codec import decode, encode
from labrec.record.reader import read_registration

GOOD = yaml12.load(b"""
claim: |
  A wider layer needs fewer bits per byte.
falsification: null
primary_metrics:
  - {name: bits_per_byte, direction: minimize, delta: 0.05}
decision: all
baseline: {kind: parent}
planned_n: 4
looks: [2, 4]
test: welch
alpha: 5e-2
family: null
selector: {model.width: {in: [64, 128]}, $odd: .nan}
""")


def registered(claim):
    own = {"schema": "labrec.registration/1.0", "project": "lm", "slug": "wider",
           "time": "2026-01-02T03:04:05Z", "author": {"name": "Ada", "source": "option"}}  # fmt: skip
    return encode({**own, **claim, "amends": None})


def test_a_good_draft_becomes_a_claim_that_a_registration_can_hold():
    claim = draft.claim_of(GOOD)
    assert claim["claim"] == "A wider layer needs fewer bits per byte."
    assert claim["baseline"] == {"kind": "parent", "name": None}
    assert claim["selector"]["$$odd"] == {"$float": "NaN"}
    model = read_registration(registered(claim))
    assert model.looks == (2, 4)
    assert set(draft.FIELDS) == set(claim)


def test_the_fields_of_a_draft_are_those_of_a_registration_but_its_own():
    from labrec.record.registration import Registration

    own = {"schema_", "project", "slug", "time", "author", "amends"}
    assert set(draft.FIELDS) == set(Registration.model_fields) - own


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"claim": "  "}, "claim: "),
        ({"primary_metrics": []}, "primary_metrics: "),
        ({"primary_metrics": [{"name": "x", "direction": "down", "delta": 0}]},
         "primary_metrics.0.direction"),
        ({"primary_metrics": [{"name": "x", "direction": "minimize", "delta": -1}]},
         "primary_metrics.0.delta"),
        ({"primary_metrics": [{"name": "x", "direction": "minimize", "delta": 0, "unit": "m"}]},
         "primary_metrics.0.unit: there is no such field"),
        ({"baseline": {"kind": "named"}}, "a baseline has a name"),
        ({"baseline": {"kind": "parent", "nam": "x"}}, "baseline.nam: there is no such field"),
        ({"planned_n": 0}, "planned_n"),
        ({"looks": [4, 2]}, "looks ascend"),
        ({"alpha": 1}, "alpha"),
        ({"alpha": "0,05"}, "alpha"),
        ({"decision": "most"}, "decision"),
        ({"selector": []}, "selector"),
        ({"planed_n": 3}, "planed_n: there is no such field"),
        ({"slug": "other"}, "slug: there is no such field"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(change, says):
    with pytest.raises(InvalidError, match="1 mistake: ") as told:
        draft.claim_of({**GOOD, **change})
    assert says in told.value.message


def test_every_mistake_is_told_at_once():
    bad = copy.deepcopy(GOOD)
    bad |= {"claim": "", "alpha": 7, "looks": [0], "odd\x1b": 1}
    del bad["test"], bad["planned_n"]
    found = draft.mistakes(bad)
    places = [line.split(":")[0] for line in found]
    assert places == ["odd\\x1b", "claim", "planned_n", "looks.0", "alpha", "test"]


@pytest.mark.parametrize("name", sorted(set(draft.FIELDS) - {"family", "falsification"}))
def test_nothing_that_decides_is_left_to_a_default(name):
    bad = {key: value for key, value in GOOD.items() if key != name}
    assert [line.split(":")[0] for line in draft.mistakes(bad)] == [name]


def test_equal_claims_are_equal_however_they_are_written():
    claim = draft.claim_of(GOOD)
    stored = decode(registered(claim))
    assert draft.comparable(stored) == claim
    del stored["family"], stored["baseline"]["name"]
    assert draft.comparable(stored) == claim
    assert draft.comparable({**stored, "alpha": 0.01}) != claim

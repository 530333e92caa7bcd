"""The official suite as a ratchet: every case is as the baseline says, and no invalid instance is taken."""

from __future__ import annotations

from collections import Counter

import baseline
import pytest
from suite import INVALID, RIGHT, Part, groups, outcomes, parts, remotes

EVERYDAY = ("draft7", "draft2020-12")
ITEMS = [
    pytest.param(
        part,
        id=str(part),
        marks=[] if part.draft in EVERYDAY and part.section == "required" else [pytest.mark.slow],
    )
    for part in parts()
]


@pytest.mark.slow
@pytest.mark.parametrize("part", ITEMS)
def test_ratchet(part: Part) -> None:
    found = outcomes(part)
    differences = baseline.differences(found, baseline.expected(part))
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("draft", baseline.drafts())
def test_no_invalid_instance_of_a_required_case_is_accepted(draft: str) -> None:
    assert INVALID not in baseline.load(draft)["required"]["wrong"].values()


@pytest.mark.parametrize("draft", baseline.drafts())
def test_the_baseline_lists_cases_of_the_suite(draft: str) -> None:
    totals: Counter[str] = Counter()
    names: set[tuple[str, str]] = set()
    for part in parts():
        if part.draft == draft:
            cases = [name for group in groups(part) for name, _, _ in group.cases]
            assert len(cases) == len(set(cases))
            totals[part.section] += len(cases)
            names |= {(part.section, name) for name in cases}
    for section, content in baseline.load(draft).items():
        assert content["total"] == totals[section]
        assert {(section, name) for name in content["wrong"]} <= names
        assert RIGHT not in content["wrong"].values()


def test_the_archive_has_both_everyday_drafts_and_the_remotes() -> None:
    assert set(EVERYDAY) <= set(baseline.drafts())
    assert remotes()["http://localhost:1234/integer.json"] == {"type": "integer"}
    assert "http://localhost:1234/draft2020-12/integer.json" in remotes()


@pytest.mark.parametrize(
    ("found", "listed", "said"),
    [
        ({"a": RIGHT}, {}, []),
        ({"a": "valid refused"}, {"a": "valid refused"}, []),
        ({"a": "valid refused"}, {}, ["valid refused: a (baseline: right)"]),
        ({"a": INVALID}, {"a": "valid refused"}, [f"{INVALID}: a (baseline: valid refused)"]),
        ({"a": RIGHT}, {"a": "valid refused"}, [f"now right, was valid refused: a; {baseline.ADVICE}"]),
        ({}, {"a": INVALID}, [f"now not in the suite, was {INVALID}: a; {baseline.ADVICE}"]),
    ],
)
def test_the_ratchet_tells_worse_from_better(
    found: dict[str, str], listed: dict[str, str], said: list[str]
) -> None:
    assert baseline.differences(found, listed) == said

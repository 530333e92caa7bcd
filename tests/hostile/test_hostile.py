"""What a stranger might send ends in a result or in an error of ours, within 20 s of CPU and 2 GB.

Here those that are fast, and of the families every eighth. The whole list: `make test-hostile`.
"""

from __future__ import annotations

import pytest
from calls import through
from confined import confined
from families import families
from families.requests import engine
from inputs import SLOW, everything

import canvasgen as cg

INPUTS = everything()
FAMILIES = families()
CHOSEN = [name for name in INPUTS if name not in FAMILIES] + list(FAMILIES)[::8]


@pytest.fixture(scope="module")
def kernels() -> None:
    """Kernels are loaded before the children begin, so that their seconds are the input's."""
    through(cg.json_schema({"type": "object", "properties": {"a": {"type": "string"}}}), "{}")
    through(cg.regex("[ab]{1,4}") & ~cg.regex("a+"), "ab")
    engine().complete("a", choice=["yes", "no"], max_denoising_steps=1, on_step_limit="return", seed=1)


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("name", [name for name in CHOSEN if name not in SLOW])
def test_a_result_or_an_error_of_ours(name: str) -> None:
    ending = confined(INPUTS[name])
    assert ending.well, f"{ending.kind} after {ending.seconds} s: {ending.detail}"


def test_there_are_many_and_each_is_another() -> None:
    assert len(INPUTS) >= 500
    assert len(FAMILIES) + 150 <= len(INPUTS)


def test_a_call_without_end_is_killed() -> None:
    def forever() -> None:
        while True:
            pass

    ending = confined(forever, seconds=1)
    assert ending.kind == "killed"
    assert not ending.well


def test_a_call_that_takes_all_memory_is_told() -> None:
    ending = confined(lambda: bytearray(3_000_000_000))
    assert ending.kind == "foreign"
    assert "MemoryError" in ending.detail

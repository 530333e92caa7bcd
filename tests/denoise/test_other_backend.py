"""The loop on the Triton backend, in its interpreter, writes what it writes on numba's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from toy_models import LETTERS, Erratic

from canvasgen.constraints import choice, contains, fixed, regex, template
from canvasgen.constraints.table import table
from canvasgen.denoise import Job, Policy, run
from canvasgen.inference import registry
from canvasgen.inference.triton_backend import TritonBackend
from canvasgen.relations import all_different

sys.path.insert(0, str(Path(__file__).parent.parent / "inference"))

import quick_interpreter
from quick_interpreter import needs_triton

quick_interpreter.enter()
pytestmark = pytest.mark.filterwarnings("ignore:(invalid value|divide by zero|overflow):RuntimeWarning")


class Everywhere(TritonBackend):
    """`auto` takes it on the CPU, too."""

    name = "everywhere"

    def serves(self, device: object) -> bool:
        return True


def jobs() -> list[Job]:
    """A tour: regular expressions, options, templates, positions, a table; greedy and sampled, one block and two."""
    cells = table(1, 2, [1, 2], lambda grid: [all_different(grid.rows[0])], layout="plain").compile(LETTERS)
    letters = regex("[a-d]{2,6}")
    return [
        Job([2], letters.compile(LETTERS), 6, 2, seed=1),
        Job([2, 3], (letters & fixed({1: "c"})).compile(LETTERS), 4, 2, 0.0, seed=2),
        Job([4], choice(["ab", "cd", "{1}"]).compile(LETTERS), 4, 2, 1.0, seed=4),
        Job([5], template("a{x}d", x=regex("[bc]{1,2}")).compile(LETTERS), 4, 2, seed=5),
        Job([3], (letters & contains("ba")).compile(LETTERS), 4, 1, seed=6),
        Job([6], cells, 4, 1, seed=7),
    ]


@pytest.mark.slow
@needs_triton
def test_the_loop_writes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[list[object]] = []
    conditioned: list[str] = []
    original = TritonBackend.condition

    def condition(self, batch):
        conditioned.append(self.name)
        return original(self, batch)

    monkeypatch.setattr(TritonBackend, "condition", condition)
    for backends in ({}, {"everywhere": Everywhere()}):
        with monkeypatch.context() as patch:
            for name, backend in backends.items():
                patch.setitem(registry._backends, name, backend)
            done = run(Erratic(seed=5, canvas_length=4), jobs(), policy=Policy(restarts=1))
        written.append([(one.token_ids, one.steps, one.outcome) for one in done])
        if not backends:
            assert conditioned == []
    assert conditioned
    assert written[0] == written[1]

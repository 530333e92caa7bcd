"""Small jobs that use every kernel once, so that all are compiled and kept."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canvasgen.constraints import Constraint
    from canvasgen.inference import Posterior

__all__ = ["warm_kernels"]


def warm_kernels() -> None:
    """Compile the kernels that are not on disk.

    Generates with one constraint of each kind on the embedded model, asks posteriors all they can answer (one of an
    automaton that calls the spans of a source, one of a long counted string; of likely texts and of hopeless ones; over
    a vocabulary too large to be read with positions side by side), reads what a cache holds, solves a problem that has
    too many solutions to list, and explains a contradiction.
    """
    import numpy as np

    from canvasgen.api import load
    from canvasgen.constraints import json_schema, latin_square, literal, near, regex, text
    from canvasgen.relations import Problem, all_different
    from canvasgen.tokens import lift
    from canvasgen.tokens.narrowing import narrowed, widened
    from canvasgen.vocabulary import Vocabulary

    engine = load()
    digits = regex("[0-9]{1,3}")
    constraints = [
        json_schema({"type": "object", "properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"]}),
        (digits + text(max_length=9)) & ~literal("7") & near("a", 2, 1),
        latin_square(3),
    ]
    for constraint in constraints:
        engine.complete(
            "warm up", constraint=constraint, max_denoising_steps=2, seed=0, on_step_limit="return"
        )

    logits = np.zeros((32, engine.vocabulary.size), np.float32)
    counted = json_schema({"type": "array", "items": {"type": "string", "minLength": 90, "maxLength": 2000}})
    assert not counted.automaton.accepts(b'["too short"]')
    lift(counted.automaton, engine.vocabulary)  # though a cache may have it
    hopeless = logits.copy()
    hopeless[:, 0] = 1e4  # no text: then the sums go over all states
    for constraint in (digits, _with_calls(), counted):
        for values in (logits, hopeless):
            _ask(constraint.compile(engine.vocabulary).condition(values))
    many = Vocabulary([b"%d" % number for number in range(9000)], [8999])  # is read position by position
    _ask(digits.compile(many).condition(np.zeros((3, many.size), np.float32)))

    numbers = np.arange(0, 90_000, 300, dtype=np.int32)
    assert np.array_equal(widened(narrowed({"numbers": numbers}))["numbers"], numbers)

    cells = range(8)
    problem = Problem(dict.fromkeys(cells, cells), [all_different(list(cells))])
    scores = np.eye(8)
    problem.best(scores)
    problem.greedy(scores)
    problem.solutions(100)
    problem.conflict({0: 0, 1: 0})


def _ask(posterior: Posterior) -> None:
    """Ask a posterior all that it can answer."""
    for answer in (
        posterior.entropies,
        posterior.mask,
        posterior.marginals(),
        posterior.best,
        posterior.sample(2, seed=0),
        list(islice(posterior.k_best(), 2)),
    ):
        assert len(answer)


def _with_calls() -> Constraint:
    """Return a constraint whose spans are called, not copied: two fields over a source of 2,000 words."""
    from canvasgen.constraints import json_schema
    from canvasgen.grounding import Sources

    names = {name: {"type": "string"} for name in ("a", "b")}
    words = Sources(" ".join(f"w{number}" for number in range(2000)))
    return json_schema({"type": "object", "properties": names, "required": [*names]}, grounded=words)

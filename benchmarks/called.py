"""What does a source cost whose spans stand in several fields: copied for each field, or called?

    python benchmarks/called.py [--words 100 1000 10000] [--fields 1 3 10] [--length 128] [--model FOLDER] [--most 30000]

For each size: the states and edges that are kept, the CPU seconds of the compilation and of one step (log-partition,
entropies, the most probable canvas), with copies and with calls. A size whose automaton has more than `--most` states is not
copied. First the answers are compared on a small source: with a vocabulary in which no token reaches over a border, the
marginals, the best canvas and its probability are those of the copies. The sources are the words of the documentation;
the logits are random. CPU seconds are those of the process, of the faster of two runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, create_model

import canvasgen as cg
from canvasgen.automata import CalledLanguage
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.errors import ConstraintTooLarge
from canvasgen.models.vocabularies import load_vocabulary
from canvasgen.schemas import called_spans
from canvasgen.tokens import CalledAutomaton, clear_memory, lift, lift_frame, linked

DOCS = Path(__file__).resolve().parents[1] / "docs"


def source(words: int) -> str:
    """The first words of the documentation, again from the start where it has fewer."""
    found = [word for page in sorted(DOCS.rglob("*.md")) for word in page.read_text(encoding="utf-8").split()]
    return " ".join((found * (words // len(found) + 1))[:words])


def record(fields: int) -> type[BaseModel]:
    """A model of so many strings."""
    names: dict[str, Any] = {f"field_{number}": (str, ...) for number in range(fields)}
    return create_model("Record", **names)


def with_calls(constraint: Any, vocabulary: cg.Vocabulary) -> Lifted:
    """Compile with calls, whatever the sizes are."""
    called: CalledLanguage = constraint.language.called.language
    frame, number = lift_frame(called.own, called.calls, vocabulary)
    body = lift(called.body, vocabulary)
    return Lifted(
        vocabulary, linked(frame, body, [(int(number[a]), int(number[b])) for a, b in called.calls])
    )


def with_copies(constraint: Any, vocabulary: cg.Vocabulary) -> Lifted:
    """Compile with copies."""
    return Lifted(vocabulary, lift(constraint.automaton, vocabulary))


def step(lifted: Lifted, logits: np.ndarray) -> tuple[float, float]:
    """The answers of a step that cost something: log Z, and the log-probability of the best canvas."""
    posterior = lifted.condition(logits)
    _ = posterior.entropies
    return posterior.log_partition, posterior.log_prob(posterior.best)


def seconds(work: Callable[[], Any]) -> tuple[Any, float]:
    """What work gives, and its CPU seconds."""
    begun = time.process_time()
    found = work()
    return found, time.process_time() - begun


def check() -> None:
    """Raise AssertionError unless calls answer as copies do."""
    pieces = [bytes((byte,)) for byte in range(256)] + [
        b"the",
        b" the",
        b"ing",
        b" is",
        b"er",
        b'":',
        b" and",
    ]
    vocabulary = cg.Vocabulary([*pieces, None], end_ids=[len(pieces)])
    constraint = cg.json_schema(record(3), grounded=source(30))
    one, other = with_calls(constraint, vocabulary), with_copies(constraint, vocabulary)
    assert isinstance(one.token_automaton, CalledAutomaton)
    for seed, scale in enumerate((1.0, 5.0, 30.0)):
        logits = np.random.default_rng(seed).standard_normal((90, vocabulary.size)).astype(np.float32) * scale
        mine, theirs = one.condition(logits), other.condition(logits)
        np.testing.assert_allclose(mine.log_partition, theirs.log_partition, rtol=1e-9)
        np.testing.assert_allclose(np.exp(mine.marginals()), np.exp(theirs.marginals()), atol=1e-6)
        np.testing.assert_array_equal(mine.best, theirs.best)
        np.testing.assert_allclose(mine.best_log_prob, theirs.best_log_prob, atol=1e-6)
        for ids in mine.sample(3, seed):
            np.testing.assert_allclose(mine.log_prob(ids), theirs.log_prob(ids), atol=1e-6)


def row(name: str, build: Callable[[], Lifted], logits: np.ndarray) -> str:
    """One line of the table."""
    clear_memory()
    lifted, compiled = seconds(build)
    taken = min(seconds(lambda: step(lifted, logits))[1] for _ in range(2))
    automaton = lifted.token_automaton
    return f"{name:>9} {lifted.num_states:>8} {automaton.num_edges:>9} {compiled:>9.2f} {taken:>8.2f}"


def main() -> None:
    """Check, then print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--fields", type=int, nargs="+", default=[1, 3, 10])
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--model", default=None)
    parser.add_argument("--most", type=int, default=30_000)
    given = parser.parse_args()
    called_spans.LEAST_CALLERS, called_spans.MOST_COPIED_STATES = 1, 0
    check()
    print("calls and copies agree on marginals, best canvas, samples")
    vocabulary = load_vocabulary(given.model)
    logits = np.random.default_rng(0).standard_normal((given.length, vocabulary.size)).astype(np.float32) * 3
    _ = vocabulary.trie
    print(f"{'words':>6} {'fields':>6} {'':>9} {'states':>8} {'edges':>9} {'compile s':>9} {'step s':>8}")
    for words in given.words:
        for fields in given.fields:
            text = source(words)

            def made(text: str = text, fields: int = fields) -> Any:
                return cg.json_schema(record(fields), grounded=text)

            print(
                f"{words:>6} {fields:>6} {row('called', lambda: with_calls(made(), vocabulary), logits)}",
                flush=True,
            )
            copied = made().language.called.language.copied_states
            if copied > given.most:
                print(f"{words:>6} {fields:>6} {'copied':>9} {copied:>8} not copied", flush=True)
                continue
            try:
                print(
                    f"{words:>6} {fields:>6} {row('copied', lambda: with_copies(made(), vocabulary), logits)}",
                    flush=True,
                )
            except ConstraintTooLarge as error:
                print(f"{words:>6} {fields:>6} {'copied':>9} {copied:>8} {error.message}", flush=True)


if __name__ == "__main__":
    main()

"""How does a conditioning step grow with the automaton, the canvas and the batch? Compared with `torch.log_softmax`.

    python benchmarks/growth.py [--rounds 3] [--image docs/images/growth.svg] [--tokenizer FILE]

One thread, CPU seconds, Gemma's vocabulary (262,145 tokens). A step is what the loop asks for: log-partition, entropies,
class marginals, the best canvas. It is timed in turn with `log_softmax` of the same logits, and the ratio is of the
least times. Automata: a JSON string of at most N characters, whose edges lie in runs, and synthetic ones of the same
numbers of states, whose edges are ragged.
"""

from __future__ import annotations

import argparse
import lzma
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from compile import DEFAULT_TOKENIZER, long_string
from step import synthetic
from tokenizers import Tokenizer

from canvasgen.constraints import json_schema
from canvasgen.inference import Request, condition_batch
from canvasgen.tokens import TokenAutomaton, lift
from canvasgen.training.sudoku.chart import Panel, Series, draw
from canvasgen.vocabulary import Vocabulary

CHARACTERS = (50, 200, 800, 2000)
LENGTHS = (16, 64, 128, 256)
BATCHES = (1, 2, 4, 8)


def text_of(vocabulary: Vocabulary, characters: int) -> TokenAutomaton:
    """A JSON string of at most so many characters, in an object."""
    schema = long_string(0)
    schema["properties"] = {
        name: {"type": "string", "maxLength": characters} for name in schema["properties"]
    }
    return lift(json_schema(schema).automaton, vocabulary)


def ragged(size: int, states: int) -> TokenAutomaton:
    """An automaton whose edges do not repeat."""
    return synthetic(size, states, 528, fan_out=7, partitions=73, covered=425, reach=60)


def logits_of(length: int, size: int, rows: int = 1) -> torch.Tensor:
    values = np.random.default_rng(1).standard_normal((rows, length, size), dtype=np.float32)
    return torch.from_numpy(3.0 * values)


def ratio(work: Callable[[], object], logits: torch.Tensor, rounds: int) -> float:
    """Least time of some work, in those of `log_softmax`."""
    taken: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        begun = time.process_time()
        work()
        between = time.process_time()
        torch.log_softmax(logits, -1)
        taken.append((between - begun, time.process_time() - between))
    ours, theirs = zip(*taken[1:], strict=True)
    return min(ours) / min(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--image", type=Path, default=None)
    parser.add_argument("--tokenizer", type=Path, default=DEFAULT_TOKENIZER)
    options = parser.parse_args()
    if not options.tokenizer.exists():
        print("skipped: Gemma's tokenizer is not there")
        return
    torch.set_num_threads(1)
    content = options.tokenizer.read_bytes()
    content = lzma.decompress(content) if options.tokenizer.suffix == ".xz" else content
    vocabulary = Vocabulary.from_tokenizer(Tokenizer.from_buffer(content))
    panels = [
        by_states(vocabulary, options.rounds),
        by_length(vocabulary, options.rounds),
        by_batch(vocabulary, options.rounds),
    ]
    for panel in panels:
        for one in panel.series:
            print(f"{panel.x}: {one.name}: " + ", ".join(f"{x:g}: {y:.2f}" for x, y in one.points))
    if options.image is not None:
        options.image.write_text(draw(panels), encoding="utf-8")


def by_states(vocabulary: Vocabulary, rounds: int, length: int = 64) -> Panel:
    logits = logits_of(length, vocabulary.size)[0]
    counted, plain = list[tuple[float, float]](), list[tuple[float, float]]()
    for characters in CHARACTERS:
        automaton = text_of(vocabulary, characters)
        edges = automaton.num_edges
        counted.append((edges, ratio(lambda made=automaton: begin(made, logits), logits, rounds)))
        other = ragged(vocabulary.size, edges // 7)
        plain.append((other.num_edges, ratio(lambda made=other: begin(made, logits), logits, rounds)))
    return panel(
        "edges of the automaton (64 positions)", [Series("counted string", counted), Series("ragged", plain)]
    )


def by_length(vocabulary: Vocabulary, rounds: int) -> Panel:
    automata = {
        "string of 200 characters": text_of(vocabulary, 200),
        "ragged, 868 states": ragged(vocabulary.size, 868),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in automata}
    for length in LENGTHS:
        logits = logits_of(length, vocabulary.size)[0]
        for name, made in automata.items():
            taken = ratio(lambda made=made, logits=logits: begin(made, logits), logits, rounds)
            found[name].append((length, taken))
    return panel("positions of the canvas", [Series(name, points) for name, points in found.items()])


def begin(automaton: TokenAutomaton, logits: torch.Tensor) -> None:
    """A step of a first canvas, with tokens left behind it."""
    request = Request(automaton, pad_id=0, remaining=automaton.num_states)
    found = condition_batch([request], logits[None])
    found.entropies, found.best  # noqa: B018


def by_batch(vocabulary: Vocabulary, rounds: int, length: int = 32) -> Panel:
    automaton = text_of(vocabulary, 200)
    points: list[tuple[float, float]] = []
    for rows in BATCHES:
        logits = logits_of(length, vocabulary.size, rows)
        requests = [Request(automaton, pad_id=0) for _ in range(rows)]

        def work(requests: list[Request] = requests, logits: torch.Tensor = logits) -> None:
            found = condition_batch(requests, logits)
            found.entropies, found.best  # noqa: B018

        points.append((rows, ratio(work, logits, rounds)))
    return panel("rows of the batch (32 positions)", [Series("string of 200 characters", points)])


def panel(x: str, series: list[Series]) -> Panel:
    top = max(y for one in series for _, y in one.points)
    return Panel("one step, in log_softmax of the same logits", x, "ratio", series, top=float(np.ceil(top)))


if __name__ == "__main__":
    main()

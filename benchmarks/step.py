"""How long is one conditioning step, compared with one log_softmax of the same logits?

    python benchmarks/step.py [--threads N] [--rounds N] [--only large|small] [--tokenizer FOLDER]

A step is what the denoising loop asks for at every step: class-level mask, log-partition, MAP canvas,
entropies and class-level marginals (the `[L, V]` arrays are timed apart). The automata are synthetic, of
the sizes measured on a JSON schema with ten properties and the Gemma vocabulary; with `--tokenizer`, that
schema itself is lifted to the tokenizer's vocabulary. Step and log_softmax are timed in turn (A B A B), and
the ratio is the median of the rounds' ratios, so that whatever else the machine does falls on both. Before
that, the step's results are checked against the reference. With `--tokenizer` a table is timed, too: what it costs to
condition its narrowed texts on logits that its shape's posterior has read.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from canvasgen.inference import Posterior, condition
from canvasgen.tokens import TokenAutomaton
from canvasgen.vocabulary import Vocabulary


def synthetic(
    size: int,
    states: int,
    classes: int,
    fan_out: int,
    partitions: int,
    covered: int,
    reach: int,
    seed: int = 0,
) -> TokenAutomaton:
    """States in a row; each sends `covered` classes, in `fan_out` sets, to itself or up to `reach` ahead.

    `partitions` different partings are shared by the states. Class sizes follow a power law.
    """
    rng = np.random.default_rng(seed)
    weights = rng.pareto(0.9, classes) + 1.0
    class_of_token = rng.choice(classes, size, p=weights / weights.sum()).astype(np.int32)
    class_of_token[rng.permutation(size)[:classes]] = np.arange(classes)
    class_of_token[:8] = -1
    sets: list[np.ndarray] = []
    for _ in range(partitions):
        chosen = rng.permutation(classes)[:covered]
        cuts = np.sort(rng.choice(np.arange(1, covered), fan_out - 1, replace=False))
        sets += [np.sort(part) for part in np.split(chosen, cuts)]
    edges = set[tuple[int, int, int]]()
    for state in range(states):
        parting = int(rng.integers(partitions))
        targets = {state, min(state + 1, states - 1)}
        while len(targets) < min(fan_out, states - state):
            targets.add(min(state + int(rng.integers(1, reach)), states - 1))
        edges |= {(state, target, parting * fan_out + n) for n, target in enumerate(sorted(targets))}
    source, target, index = (np.array(ends, dtype=np.int32) for ends in zip(*sorted(edges), strict=True))
    distance = np.full(states, states, dtype=np.int32)
    distance[-1] = 0
    for state in reversed(range(states - 1)):
        distance[state] = 1 + distance[target[(source == state) & (target > state)]].min()
    return TokenAutomaton(
        num_classes=classes,
        start=0,
        class_of_token=class_of_token,
        edge_source=source,
        edge_target=target,
        edge_set=index,
        set_offsets=np.concatenate([[0], np.cumsum([len(s) for s in sets])]).astype(np.int32),
        set_classes=np.concatenate(sets).astype(np.int32),
        accepting=np.arange(states) == states - 1,
        distance=distance,
        end_ids=(1, 2, 3),
    )


def step(automaton: TokenAutomaton, logits: torch.Tensor, backend: str = "auto") -> Posterior:
    """What the loop asks for at every step."""
    posterior = condition(automaton, logits, pad_id=0, backend=backend)
    posterior.entropies  # noqa: B018
    posterior.allowed_classes  # noqa: B018
    posterior.best  # noqa: B018
    return posterior


def check(automaton: TokenAutomaton, logits: torch.Tensor) -> None:
    """The fast path gives what the reference gives, before anything is timed."""
    fast, plain = step(automaton, logits), step(automaton, logits, "torch")
    assert abs(fast.log_partition - plain.log_partition) <= 1e-3, (fast.log_partition, plain.log_partition)
    np.testing.assert_allclose(fast.class_log_marginals, plain.class_log_marginals, atol=1e-3)
    np.testing.assert_allclose(fast.entropies, plain.entropies, atol=1e-4)
    np.testing.assert_array_equal(fast.best, plain.best)


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def compare(name: str, automaton: TokenAutomaton, length: int, rounds: int, spread: float) -> None:
    size = len(automaton.class_of_token)
    logits = torch.from_numpy(
        np.random.default_rng(1).standard_normal((length, size), dtype=np.float32) * spread
    )
    check(automaton, logits[: automaton.shortest_tokens + 8] if size > 10_000 else logits)
    tasks: dict[str, Callable[[], object]] = {
        "log_softmax": lambda: torch.log_softmax(logits, -1),
        "step": lambda: step(automaton, logits),
        "step, then marginals [L, V]": lambda: step(automaton, logits).marginals(),
        "step, then mask [L, V]": lambda: step(automaton, logits).mask,
        "step, then one sample": lambda: step(automaton, logits).sample(1, 0),
    }
    sizes = f"{automaton.num_states} states, {automaton.num_classes} classes, "
    sizes += f"{len(automaton.edge_source)} edges, {len(automaton.set_offsets) - 1} sets"
    print(f"\n{name}: {length} x {size} float32, spread {spread}; {sizes}; {torch.get_num_threads()} threads")
    report(tasks, rounds)


def report(tasks: dict[str, Callable[[], object]], rounds: int) -> None:
    """Times the tasks in turn, and prints them with their ratio to `log_softmax`."""
    for work in tasks.values():
        work()
    taken = {task: np.array([0.0] * rounds) for task in tasks}
    for n in range(rounds):
        for task, work in tasks.items():
            taken[task][n] = timed(work)
    for task, times in taken.items():
        ratio = np.median(times / taken["log_softmax"])
        middle, best = 1e3 * np.median(times), 1e3 * times.min()
        print(f"  {task:30s} {middle:9.2f} ms   best {best:9.2f} ms   ratio {ratio:6.2f}")


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 40},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "email": {"type": "string", "format": "email"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "color": {"enum": ["red", "green", "blue"]},
        "address": {
            "type": "object",
            "properties": {
                "street": {"type": "string", "maxLength": 30},
                "zip": {"type": "string", "pattern": "^[0-9]{5}$"},
                "city": {"type": "string"},
            },
            "required": ["street", "zip", "city"],
            "additionalProperties": False,
        },
        "active": {"type": "boolean"},
        "score": {"type": "number"},
        "note": {"type": "string"},
        "phone": {"type": "string", "pattern": "^[+]?[0-9]{6,12}$"},
    },
    "additionalProperties": False,
}
SCHEMA["required"] = list(SCHEMA["properties"])


def lifted(vocabulary: Vocabulary) -> TokenAutomaton:
    """The schema over a tokenizer's vocabulary."""
    from canvasgen.constraints import json_schema

    return json_schema(SCHEMA).compile(vocabulary).token_automaton


def compare_table(vocabulary: Vocabulary, length: int, rounds: int) -> None:
    """A roster whose cells float: the shape's conditioning, and the whole step with the solver and six narrowed texts."""
    import canvasgen as cg
    from canvasgen.constraints.compiled.table_belief import TableBelief
    from canvasgen.tokens import Budget, Prefix

    roster = cg.table(
        ["Mon", "Tue", "Wed", "Thu", "Fri"],
        ["early", "late"],
        cells=["Ann", "Bob", "Cyril", "Dana", "Evelyn"],
        relations=lambda grid: [cg.relations.all_different(line) for line in (*grid.rows, *grid.columns)],
    ).compile(vocabulary)
    cells = roster.cells
    assert cells is not None
    rng = np.random.default_rng(1)
    logits = torch.from_numpy(rng.standard_normal((length, vocabulary.size), dtype=np.float32) * 3.0)

    def believe() -> TableBelief:
        found = roster.believe(roster.condition(logits), Prefix(), Budget(length))
        assert isinstance(found, TableBelief)
        return found

    belief = believe()
    text = vocabulary.text_bytes(belief.best).decode()
    assert belief.assignment is not None
    alone = roster.condition(logits)
    narrowed = cells.narrowed(belief.assignment)
    again, anew = narrowed.condition(alone), narrowed.condition(logits)
    np.testing.assert_array_equal(again.best, anew.best)
    assert roster.constraint.matches(text)
    assert abs(again.log_partition - anew.log_partition) < 1e-3
    tasks: dict[str, Callable[[], object]] = {
        "log_softmax": lambda: torch.log_softmax(logits, -1),
        "shape": lambda: roster.condition(logits).entropies,
        "narrowed, logits read anew": lambda: narrowed.condition(logits).best,
        "narrowed, from the shape's": lambda: narrowed.condition(alone).best,
        "step of the table": believe,
    }
    print(f"\na roster of ten cells: {length} x {vocabulary.size}; {torch.get_num_threads()} threads")
    report(tasks, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=["large", "small"], default=None)
    parser.add_argument("--tokenizer", default=None, help="a folder with a tokenizer such as Gemma's")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.tokenizer is not None:
        vocabulary = Vocabulary.from_tokenizer(arguments.tokenizer)
        compare("a schema of ten properties", lifted(vocabulary), 256, arguments.rounds, 3.0)
        compare_table(vocabulary, 256, arguments.rounds)
        return
    if arguments.only != "small":
        large = synthetic(262_144, 868, 528, fan_out=7, partitions=73, covered=425, reach=60)
        for spread in (3.0, 10.0):
            compare("Gemma's size", large, 256, arguments.rounds, spread)
    if arguments.only != "large":
        small = synthetic(1_536, 161, 97, fan_out=3, partitions=34, covered=12, reach=12)
        compare("the embedded model's size", small, 128, max(50, arguments.rounds), 3.0)


if __name__ == "__main__":
    main()

"""Are the texts generated for the shipped grammars in the language? Checked by two other parsers; and step times.

    python benchmarks/grammar_generation.py [NAME ...] [--random 20] [--model 5] [--rounds 3] [--tokenizer FILE]

For each grammar: the most probable canvas and a sample for `--random` arrays of random logits (normal, times 5, in half
of them the end token late; canvases of the shortest text and 4, 16 and 64 tokens more, and of 256), and `--model` texts
by the embedded model in four denoising steps. Each must be closed within its canvas. Another parser of the language
reads it, where there is one (tests/grammars/other_parsers.py), and Lark's Earley parser up to 400 characters (it is slow
beyond). Both must refuse none.

Then the time of one step (posterior, entropies and the most probable canvas; benchmarks/step.py) compared with
`torch.log_softmax` of the same logits, 256 x 262,144 float32, if Gemma's tokenizer is available (`--tokenizer`).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from lark import Lark, UnexpectedInput

import canvasgen as cg
from canvasgen.constraints.compiled.constraint import CompiledConstraint
from canvasgen.constraints.grammar import Grammar
from canvasgen.constraints.grammar.library import import_source, shipped, shipped_names

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "tests" / "grammars")]

from other_parsers import PARSERS, refusal  # noqa: E402
from step import step, timed  # noqa: E402

from grammars import DEFAULT_TOKENIZER, contents  # noqa: E402

LONGEST_FOR_EARLEY = 400
CANVAS = 256
ROOM = (4, 16, 64)
"""Tokens beyond the shortest text."""


def random_texts(constraint: Grammar, vocabulary: cg.Vocabulary, count: int) -> list[str | None]:
    """Likeliest canvases and samples under random logits; None for one that is not closed."""
    compiled = constraint.compile(vocabulary)
    shortest = compiled.shortest_tokens
    found: list[str | None] = []
    for seed in range(count):
        length = max(CANVAS, shortest + 1) if seed % 4 == 3 else shortest + ROOM[seed % 4]
        rng = np.random.default_rng(seed)
        logits = 5 * rng.standard_normal((length, vocabulary.size), dtype=np.float32)
        if seed % 8 >= 4:
            logits[:, list(vocabulary.end_ids)] -= 10_000  # long texts
        posterior = compiled.condition(logits)
        for ids in (posterior.best, posterior.sample(1, seed)[0]):
            found.append(text_of(ids, vocabulary))
    return found


def text_of(ids: np.ndarray, vocabulary: cg.Vocabulary) -> str | None:
    """The text before the first end token; None if there is a token without text before it."""
    ends = np.flatnonzero(np.isin(ids, sorted(vocabulary.end_ids)))
    kept = ids[: ends[0]] if len(ends) else ids
    if any(vocabulary.tokens[each] is None for each in kept.tolist()):
        return None
    return vocabulary.text_bytes(kept.tolist()).decode("utf-8")


def model_texts(constraint: Grammar, engine: cg.Engine, count: int) -> list[str | None]:
    found: list[str | None] = []
    for seed in range(count):
        completion = engine.complete("Write one.", constraint=constraint, seed=seed, max_denoising_steps=4)
        found.append(None if completion.outcome is cg.errors.Outcome.UNCLOSED else completion.text)
    return found


def earley_refuses(parser: Lark, text: str) -> bool:
    try:
        parser.parse(text)
    except UnexpectedInput:
        return True
    return False


def generation(names: list[str], random: int, model: int) -> int:
    engine = cg.load()
    print(
        f"{'grammar':18} texts  longest  seconds  open  not in language  other parser refuses  Earley refuses"
    )
    wrong = 0
    for name in names:
        began = time.perf_counter()
        constraint = cg.grammar(name)
        texts = random_texts(constraint, engine.vocabulary, random) + model_texts(constraint, engine, model)
        seconds = time.perf_counter() - began
        closed = [text for text in texts if text is not None]
        outside = [text for text in closed if not constraint.matches(text)]
        refused = [(text, why) for text in closed if name in PARSERS and (why := refusal(name, text))]
        parser = Lark(
            shipped(name), parser="earley", lexer="dynamic", ambiguity="resolve", import_paths=[import_source]
        )
        short = [text for text in closed if len(text) <= LONGEST_FOR_EARLEY]
        unparsed = [text for text in short if earley_refuses(parser, text)]
        checked = f"{len(refused)} of {len(closed)}" if name in PARSERS else "no other parser"
        print(
            f"{name:18} {len(texts):5} {max(map(len, closed)):8} {seconds:8.1f} {len(texts) - len(closed):5} "
            f"{len(outside):16} {checked:>21} {f'{len(unparsed)} of {len(short)}':>15}",
            flush=True,
        )
        for text, why in refused[:2]:
            print(f"    other parser: {why[:100]!r}: {text[:200]!r}")
        for text in unparsed[:2]:
            print(f"    Earley: {text!r}")
        wrong += len(texts) - len(closed) + len(outside) + len(refused) + len(unparsed)
    return wrong


def one_round(compiled: CompiledConstraint, logits: torch.Tensor) -> tuple[float, float]:
    """Seconds of log_softmax, and of a step."""
    plain = timed(lambda: torch.log_softmax(logits, -1))
    return plain, timed(lambda: step(compiled.token_automaton, logits))


def step_times(names: list[str], rounds: int, tokenizer: str) -> None:
    from tokenizers import Tokenizer

    vocabulary = cg.Vocabulary.from_tokenizer(Tokenizer.from_str(tokenizer))
    size = vocabulary.size
    logits = torch.from_numpy(5 * np.random.default_rng(1).standard_normal((CANVAS, size), dtype=np.float32))
    print(
        f"\n{'grammar':18} states  classes    edges   step ms  log_softmax ms  ratio   ({torch.get_num_threads()} threads)"
    )
    for name in names:
        compiled = cg.grammar(name).compile(vocabulary)
        if compiled.shortest_tokens >= CANVAS:
            print(f"{name:18} the shortest text takes {compiled.shortest_tokens} tokens")
            continue
        step(compiled.token_automaton, logits)
        times = np.array([one_round(compiled, logits) for _ in range(rounds)])
        plain, ours = 1e3 * np.median(times, axis=0)
        print(
            f"{name:18} {compiled.num_states:6,} {compiled.num_classes:8,} {compiled.num_edges:8,} {ours:9.1f} "
            f"{plain:15.1f} {np.median(times[:, 1] / times[:, 0]):6.2f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given = os.environ.get("CANVASGEN_GEMMA_TOKENIZER")
    parser.add_argument("names", nargs="*", default=list(shipped_names()))
    parser.add_argument("--random", type=int, default=20, help="arrays of random logits; 0: none")
    parser.add_argument("--model", type=int, default=5, help="texts by the embedded model; 0: none")
    parser.add_argument("--rounds", type=int, default=3, help="repeats of the step times; 0: none")
    parser.add_argument("--tokenizer", type=Path, default=Path(given) if given else DEFAULT_TOKENIZER)
    options = parser.parse_args()
    wrong = generation(options.names, options.random, options.model) if options.random + options.model else 0
    tokenizer = contents(options.tokenizer)
    if options.rounds and not tokenizer:
        print("Gemma's tokenizer is not there (--tokenizer): no step is timed")
    elif options.rounds:
        step_times(options.names, options.rounds, tokenizer)
    if wrong:
        raise SystemExit(f"{wrong} texts are open or refused")


if __name__ == "__main__":
    main()

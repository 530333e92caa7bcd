"""Extraction with proof, side by side: free texts aligned afterwards, as langextract does, and grounded generation.

The embedded model extracts from held-out prompts three times, same seeds: free (its JSON is parsed), under the schema, and
grounded. The string values of the first two are aligned to the prompt by langextract's own aligner (difflib over
words). Strings that the schema lists are not counted: they need not be in the prompt.

    stated      string values that are in the prompt as they were generated, or are the ISO form of a date or time in it
    aligned     string values for which the aligner finds a place, exact or fuzzy
    right       values that are the expected ones; behind the slash: if an aligned value is replaced by the text at its place
    whole       answers that are right as a whole, likewise

    pip install langextract
    python benchmarks/extraction.py [--count 60] [--split test_hard]
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import canvasgen as cg
from canvasgen.grounding import ReaderName
from canvasgen.schemas.texts.choice_fields import choice_fields
from canvasgen.training.tiny.data.examples import SCENES, Example, examples
from canvasgen.training.tiny.evaluate import leaves

Path = tuple[Any, ...]


def aligned(strings: Mapping[Path, str], source: str) -> dict[Path, str]:
    """The text at the place that langextract finds for each string; without an entry where it finds none."""
    from langextract import data, resolver

    asked = {path: text for path, text in strings.items() if text.strip()}
    if not asked:
        return {}
    group = [data.Extraction("value", text) for text in asked.values()]
    (found,) = resolver.WordAligner().align_extractions([group], source)
    return {
        path: source[one.char_interval.start_pos : one.char_interval.end_pos]
        for path, one in zip(asked, found, strict=True)
        if one.char_interval is not None
    }


def is_stated(text: str, source: cg.Sources) -> bool:
    """Whether a string is in the prompt, or is the ISO form of a date or time in it."""
    readings = (source.reading(ReaderName(name)) for name in ("date", "time", "date-time"))
    return bool(source.occurrences(text)) or any(reading.places(text) for reading in readings)


def free(example: Example, seed: int) -> Any:
    """What the model writes without a constraint; an object that equals nothing if that is no JSON."""
    text = cg.load().complete(example.prompt, prompt_schema=example.schema or {}, seed=seed).text
    try:
        return json.loads(text)
    except ValueError:
        return object()


def under_the_schema(example: Example, seed: int) -> Any:
    return cg.generate(example.prompt, schema=example.schema, seed=seed)


def grounded(example: Example, seed: int) -> Any:
    try:
        return cg.generate(example.prompt, schema=example.schema, grounded=True, seed=seed)
    except cg.errors.Unsatisfiable:  # the prompt states no value for a field
        return object()


WAYS: dict[str, Callable[[Example, int], Any]] = {
    "free": free,
    "schema": under_the_schema,
    "grounded": grounded,
}


def counted(example: Example, value: Any) -> Counter[str]:
    """What is counted of one answer."""
    asked = {path: one for path, one in leaves(example.value).items() if one is not None}
    given = leaves(value) if isinstance(value, type(example.value)) else {}
    listed = {path for path, _ in choice_fields(example.schema or {}, value)} if given else set[Path]()
    strings = {path: one for path, one in given.items() if isinstance(one, str) and path not in listed}
    places = aligned(strings, example.prompt)
    mended = {**given, **places}
    source = cg.Sources(example.prompt, unit="character", across_lines=True)
    return Counter(
        strings=len(strings),
        stated=sum(is_stated(one, source) for one in strings.values()),
        aligned=len(places),
        asked=len(asked),
        right=sum(path in given and given[path] == one for path, one in asked.items()),
        mended=sum(path in mended and mended[path] == one for path, one in asked.items()),
        whole=value == example.value,
        mended_whole=bool(given) and mended == leaves(example.value),
    )


def main(
    count: Annotated[int, typer.Option(help="held-out prompts")] = 60,
    split: Annotated[
        str, typer.Option(help="test or test_hard (held-out words and phrasings)")
    ] = "test_hard",
    seed: Annotated[int, typer.Option(help="seed of data and runs")] = 30_000,
) -> None:
    held_out = list(islice(examples(seed, split=split), count - count // 3))
    held_out += islice(examples(seed, split=split, level=SCENES), count // 3)
    totals = {way: Counter[str]() for way in WAYS}
    seconds = dict.fromkeys(WAYS, 0.0)
    for way in WAYS.values():  # warm up
        way(held_out[0], seed)
    for number, example in enumerate(track(held_out, description="prompts", console=Console(stderr=True))):
        for way, answer in WAYS.items():
            begun = time.process_time()
            value = answer(example, seed + number)
            seconds[way] += time.process_time() - begun
            totals[way] += counted(example, value)
    title = f"{count} prompts (a third are scenes), split {split}"
    table = Table("", "stated", "aligned", "right", "whole", "CPU s an answer", title=title)
    for way, found in totals.items():
        table.add_row(
            way,
            f"{found['stated'] / found['strings']:.1%}",
            f"{found['aligned'] / found['strings']:.1%}",
            f"{found['right'] / found['asked']:.1%} / {found['mended'] / found['asked']:.1%}",
            f"{found['whole'] / count:.1%} / {found['mended_whole'] / count:.1%}",
            f"{seconds[way] / count:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)

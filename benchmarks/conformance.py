"""Which JSON Schemas are taken, and are they understood? The official suite, and the schemas of JSONSchemaBench.

    python benchmarks/conformance.py [--suite] [--bench FILE] [--limit N] [--peers PYTHON] [--gemma TOKENIZER]
                                     [--order schema|any|model] [--update] [--docs]

Without `--suite` and `--bench` both are run, the latter where CANVASGEN_JSONSCHEMABENCH names the data (one schema
a line: `name`, `schema`, and `tests` of `data` and `valid`; possibly .xz). A schema passes if it compiles within 10 s
and 2 GB, all its valid instances match and none of the invalid ones does; one that is refused as unsatisfiable passes
if the data has no valid instance for it. Every engine works in processes of its own, one thread each; one that dies
or is killed counts as a crash. Times are CPU seconds. PYTHON is an interpreter that has the peers (`pip install
llguidance maskforge`), which read the same texts byte by byte; what they accept they can generate. `--order` is canvasgen's
`property_order`: with `model` a text can be generated if it can be drafted, and can be written once it has been. `--update`
writes tests/conformance/baselines, `--docs` writes docs/json-schema.md from those.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests" / "conformance"))

import baseline  # noqa: E402 (tests/conformance is no package)  # pyright: ignore[reportMissingImports]
import bench  # noqa: E402  # pyright: ignore[reportMissingImports]
import page  # noqa: E402  # pyright: ignore[reportMissingImports]
from suite import SECTIONS  # noqa: E402  # pyright: ignore[reportMissingImports]

LISTED = 12
"""Most schemas of each outcome that are named."""


def suite_table(found: dict[str, Any]) -> Table:
    table = Table("draft", "cases", "right", "", "not right", title="official suite: cases by outcome")
    for draft, sections in found.items():
        for section in SECTIONS:
            total, wrong = sections[section]["total"], sections[section]["wrong"]
            right = total - len(wrong)
            kinds = ", ".join(f"{said} {count}" for said, count in Counter(wrong.values()).most_common())
            table.add_row(f"{draft} {section}", str(total), str(right), f"{right / (total or 1):.1%}", kinds)
    return table


def bench_table(results: dict[str, list[dict[str, Any]]], gemma: bool) -> Table:
    number = len(next(iter(results.values())))
    table = Table("", title=f"JSONSchemaBench: {number} schemas")
    columns: list[dict[str, str]] = []
    for engine, found in results.items():
        table.add_column(engine, justify="right")
        columns.append(described(bench.summary(found), bench.costs(found, gemma=gemma)))
    for row in dict.fromkeys(name for column in columns for name in column):
        table.add_row(row, *(column.get(row, "") for column in columns))
    return table


def described(summary: dict[str, Any], costs: dict[str, float]) -> dict[str, str]:
    """The rows of one engine's column."""
    total, instances = summary["schemas"], summary["valid_instances"] or 1
    rows = {
        "pass": f"{summary['pass']} ({summary['pass'] / total:.2%})",
        "  of these unsatisfiable": str(summary["unsatisfiable"]),
        bench.INVALID: str(summary["not_passing"].get(bench.INVALID, 0)),
        bench.CRASH: str(summary["not_passing"].get(bench.CRASH, 0)),
    }
    rows |= {said: str(count) for said, count in summary["not_passing"].items()}
    rows |= {
        "valid instances accepted": f"{summary['accepted'] / instances:.2%}",
        "valid instances that can be generated": f"{summary['generated'] / instances:.2%}",
    }
    return rows | {name: f"{value:,.1f}" for name, value in costs.items()}


def show_failures(results: dict[str, list[dict[str, Any]]], console: Console) -> None:
    """Names and reasons of what does not pass, ours only, most frequent kind first."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for found in results["canvasgen"]:
        if found["outcome"] != bench.PASS:
            by_kind.setdefault(found["outcome"], []).append(found)
    for kind, several in sorted(by_kind.items(), key=lambda item: -len(item[1])):
        console.print(f"\n{kind}: {len(several)}", highlight=False)
        for found in several[:LISTED]:
            console.print(f"  {found['name']}: {found['detail'][:150]}", markup=False, highlight=False)


def main(
    suite: Annotated[bool, typer.Option("--suite", help="the official suite")] = False,
    data: Annotated[Path | None, typer.Option("--bench", help="the data of JSONSchemaBench")] = None,
    limit: Annotated[int | None, typer.Option(help="a random sample of so many schemas")] = None,
    peers: Annotated[str | None, typer.Option(help="interpreter that has llguidance and maskforge")] = None,
    gemma: Annotated[Path | None, typer.Option(help="tokenizer to lift the automata to")] = None,
    order: Annotated[str, typer.Option(help="property_order: schema, any or model")] = "schema",
    jobs: Annotated[int, typer.Option(help="processes at a time")] = 2,
    update: Annotated[bool, typer.Option("--update", help="write the baselines")] = False,
    docs: Annotated[bool, typer.Option("--docs", help="write docs/json-schema.md")] = False,
) -> None:
    console = Console(width=130)
    wrong = False
    everything = not suite and data is None and not (docs and not update)
    if suite or everything:
        found, deaths = bench.run_suite(jobs)
        console.print(suite_table(found))
        for death in deaths:
            console.print(f"{bench.CRASH}: {death}", markup=False, highlight=False)
        wrong |= bool(deaths)
        for draft, sections in found.items():
            if update and not deaths:
                baseline.write(baseline.FOLDER / f"{draft}.json", sections)
            wrong |= bench.INVALID in sections["required"]["wrong"].values()
    if everything and bench.VARIABLE in os.environ:
        data = Path(os.environ[bench.VARIABLE])
    elif everything:
        print(f"JSONSchemaBench is skipped: {bench.VARIABLE} does not name its data")
    if data is not None:
        lines = bench.read_bench(data, limit)
        results = {"canvasgen": bench.run("canvasgen", lines, jobs, tokenizer=str(gemma or ""), order=order)}
        for peer in bench.KINDS if peers is not None else ():
            if peer != "canvasgen":
                results[peer] = bench.run(peer, lines, jobs, python=str(peers))
        console.print(bench_table(results, gemma is not None))
        show_failures(results, console)
        ours = results["canvasgen"]
        wrong |= any(found["outcome"] in (bench.INVALID, bench.CRASH) for found in ours)
        if update:
            names = {found["name"]: found["outcome"] for found in ours if found["outcome"] != bench.PASS}
            sample = {} if limit is None else {"sample_of": len(bench.read_bench(data))}
            content = bench.summary(ours) | sample
            content |= {"costs": bench.costs(ours), "names": dict(sorted(names.items()))}
            baseline.write(baseline.BENCH, content)
    if docs:
        page.PAGE.write_text(page.render(), encoding="utf-8")
        print(f"wrote {page.PAGE.name}")
    if wrong:
        raise SystemExit("an invalid instance was accepted, or a process died")


if __name__ == "__main__":
    typer.run(main)

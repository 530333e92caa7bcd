"""Is the house in order? Circles of files, sizes of parts and folders, and what a reader must keep apart.

    python benchmarks/structure.py [--root CHECKOUT] [--update]

Read from the source text alone (`ast`), so that any checkout can be measured. `--update` writes the figures that may
only fall to tests/structure/baseline.json; `tests/structure` fails when one of them rises.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

HERE = Path(__file__).resolve()
TESTS = HERE.parents[1] / "tests" / "structure"
sys.path.insert(0, str(TESTS))

import structure_baseline  # noqa: E402 (tests/structure is no package)  # pyright: ignore[reportMissingImports]
from structure_figures import Figures, measure  # noqa: E402  # pyright: ignore[reportMissingImports]


def show(figures: Figures) -> None:
    largest, size = next(iter(figures.parts.items()))
    print(f"lines: {figures.lines} in {figures.files} files")
    print(f"largest part: {largest}, {size} lines, {100 * size / figures.lines:.1f}%")
    print("parts: " + ", ".join(f"{part} {count}" for part, count in figures.parts.items()))
    print(
        "files a folder: "
        + ", ".join(f"{folder} {count}" for folder, count in list(figures.folders.items())[:6])
    )

    print(f"\ncircles of files: {len(figures.circles)}")
    for circle in figures.circles:
        print(f"  {len(circle)} files: {', '.join(circle)}")
    print(f"folders with circles between their rooms: {len(figures.room_circles)}")
    for folder, rooms in figures.room_circles.items():
        print(f"  {folder}: " + "; ".join(", ".join(circle) for circle in rooms))

    print(f"\nmembers of Constraint: {len(figures.members)}: {', '.join(figures.members)}")
    for name, members in figures.overridden.items():
        print(f"  {name} overrides {len(members)}: {', '.join(members)}")

    shared = sum(map(len, figures.shared_names.values()))
    print(f"\nfiles that share a basename: {shared}, {len(figures.shared_names)} names")
    for files in figures.shared_names.values():
        print(f"  {len(files)}: {', '.join(files)}")

    print(f"\nlines that pyright checks strictly: {100 * figures.strict_lines / figures.lines:.1f}%")
    print(f"uses of Any per 1000 lines: {1000 * figures.any_uses / figures.lines:.1f}")
    for title, longest in (("files", figures.longest_files), ("functions", figures.longest_functions)):
        print(f"longest {title}: " + ", ".join(f"{name} {count}" for count, name in longest))


def main(
    root: Annotated[Path, typer.Option(help="the checkout to measure")] = HERE.parents[1],
    update: Annotated[bool, typer.Option(help="write tests/structure/baseline.json")] = False,
) -> None:
    figures = measure(root.resolve())
    show(figures)
    if update:
        structure_baseline.write(figures.ratchet())


if __name__ == "__main__":
    typer.run(main)

"""Every example of the README, the guides and `examples/` prints what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from snippets import (
    ROOT,
    Example,
    console_examples,
    difference,
    missing_for,
    python_examples,
    run_console,
    run_python,
    run_script,
    script_example,
)

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if python_examples(page)], ids=lambda page: page.name
)
def test_python_prints_what_the_page_shows(page: Path) -> None:
    said = python_examples(page)
    wrong = [difference(one, other) for one, other in zip(said, run_python(said), strict=True)]
    assert [one for one in wrong if one] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if console_examples(page)], ids=lambda page: page.name
)
def test_commands_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    said = console_examples(page)
    wrong = [difference(one, other) for one, other in zip(said, run_console(said, tmp_path), strict=True)]
    assert [one for one in wrong if one] == []


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_a_script_prints_what_it_shows(script: Path) -> None:
    said = script_example(script)
    assert said.output
    missing = missing_for(script)
    if missing is not None:
        pytest.skip(f"{missing} is not installed: {script.name} runs in `make test-{missing}`")
    assert difference(said, run_script(script)) is None


def test_another_output_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nx = 1\nprint(x)\n```\n\n```text\n2\n```\n\n```python\nprint(x + 1)\n```\n",
        encoding="utf-8",
    )
    first, second = python_examples(page)
    assert (first.output, second.output, second.line) == ("2\n", "", 10)
    ran = run_python([first, second])
    assert [one.output for one in ran] == ["1\n", "2\n"]


def test_parts_of_an_output_may_be_left_out() -> None:
    page = ROOT / "README.md"
    said = Example(page, 1, "", "took … s\n")
    assert difference(said, Example(page, 1, "", "took 0.3 s\n")) is None
    assert difference(said, Example(page, 1, "", "takes 0.3 s\n")) is not None


def test_commands_are_read_with_their_outputs(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ printf 'a\\n'\na\n$ true\n$ cat nothing\n…\n```\n", encoding="utf-8")
    said = console_examples(page)
    assert [(one.code, one.output) for one in said] == [
        ("printf 'a\\n'", "a\n"),
        ("true", ""),
        ("cat nothing", "…\n"),
    ]
    seen = run_console(said, tmp_path)
    assert seen[0].output == "a\n"
    assert "nothing" in seen[2].output

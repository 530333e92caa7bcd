"""The examples of the documentation: run, with what they print compared with the page, or written into it.

    python tests/documentation/snippets.py --write README.md docs/guides/*.md examples/*.py

A block of Python (```` ```python ````) prints what the block of text directly after it (```` ```text ````) says; the Python
blocks of a page share one namespace, as for a reader who types them one after another. In a block of the shell
(```` ```console ````) each `$ command` is followed by its output. A script of `examples/` ends with what it prints,
as a comment below `# Prints:`. All may leave parts out: `…` stands for anything.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import importlib.util
import io
import os
import re
import runpy
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PYTHON = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```\n)?", re.M | re.S)
CONSOLE = re.compile(r"^```console\n(?P<code>.*?)^```\n", re.M | re.S)
COMMAND = re.compile(r"^\$ (?P<command>.*(?:\\\n.*)*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.M)

PRINTS = "# Prints:\n"

CLIENTS = frozenset({"server_client.py"})
"""Scripts that ask a server."""
NEEDED = {"ray_batch.py": "ray"}
"""Script -> a package that it needs, which has an environment of its own: `make test-ray`."""


@dataclass(frozen=True)
class Example:
    """A piece of code of a page, where its line is and what the page says that it prints."""

    page: Path
    line: int
    code: str
    output: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def python_examples(page: Path) -> list[Example]:
    """Return the page's Python examples in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Example(page, text.count("\n", 0, found.start()) + 1, found["code"], found["output"] or "")
        for found in PYTHON.finditer(text)
    ]


def console_examples(page: Path) -> list[Example]:
    """Return the page's shell commands in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Example(
            page,
            text.count("\n", 0, block.start("code") + found.start()) + 1,
            found["command"],
            found["output"],
        )
        for block in CONSOLE.finditer(text)
        for found in COMMAND.finditer(block["code"])
    ]


def script_example(script: Path) -> Example:
    """Return a script with the output that its last comment shows."""
    code, _, shown = script.read_text(encoding="utf-8").partition(PRINTS)
    output = "".join(line.removeprefix("#").removeprefix(" ") for line in shown.splitlines(keepends=True))
    return Example(script, 1, code, output)


def missing_for(script: Path) -> str | None:
    """Return the name of a package that a script needs and that is not in every environment, if it is not here."""
    package = NEEDED.get(script.name)
    return package if package is not None and importlib.util.find_spec(package) is None else None


def run_script(script: Path) -> Example:
    """Return a script with what it prints, run in this process, which has the models loaded."""
    printed = io.StringIO()
    given = sys.argv
    sys.argv = [str(script)]
    around = served() if script.name in CLIENTS else contextlib.nullcontext()
    try:
        with around, contextlib.redirect_stdout(printed), warnings.catch_warnings():
            runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.argv = given
    return replace(script_example(script), output=printed.getvalue())


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Run a server of the embedded model on a free port of this machine; its address is `CANVASGEN_URL` meanwhile."""
    command = [sys.executable, "-m", "canvasgen", "serve", "--port", "0", "--deadline", "3600"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    found = next((found for line in process.stderr if (found := re.search(r"http://[^/\s]+", line))), None)
    rest = threading.Thread(target=process.stderr.read, daemon=True)  # so that its log does not fill the pipe
    rest.start()
    before = {name: os.environ.get(name) for name in ("CANVASGEN_URL", "NO_PROXY")}
    try:
        assert found is not None, "the server did not start"
        os.environ.update(CANVASGEN_URL=found[0], NO_PROXY="127.0.0.1")
        yield found[0]
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        process.terminate()
        process.wait(timeout=300)
        rest.join()


def run_python(examples: list[Example]) -> list[Example]:
    """Return the examples with what they print; an exception of one of them is raised with its place as a note."""
    namespace: dict[str, object] = {"__name__": "page"}
    done: list[Example] = []
    for example in examples:
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                code = "\n" * example.line + example.code
                exec(compile(code, str(example.page), "exec", dont_inherit=True), namespace)
        except Exception as error:
            error.add_note(str(example))
            raise
        done.append(replace(example, output=printed.getvalue()))
    return done


def run_console(examples: list[Example], folder: Path) -> list[Example]:
    """Return the commands with what they print, errors in between, run one after another in a folder."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    return [replace(example, output=_shell(example.code, folder, environment)) for example in examples]


def _shell(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Return what a command prints, without the blanks at the ends of its lines."""
    printed = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    ).stdout
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


def difference(said: Example, seen: Example) -> str | None:
    """Return how what an example prints differs from the page; None if it does not."""
    checker = doctest.OutputChecker()
    example = doctest.Example(said.code, said.output.replace("…", "..."))
    if checker.check_output(example.want, seen.output.replace("…", "..."), doctest.ELLIPSIS):
        return None
    found = checker.output_difference(example, seen.output, doctest.REPORT_NDIFF)
    return f"{said} prints something else:\n{said.code}\n{found}"


def write(page: Path) -> None:
    """Write what the examples of a page or a script print into it, where it says something else."""
    missing = missing_for(page)
    if missing is not None:
        print(f"{page.name} is left as it is: {missing} is not installed")
        return
    if page.suffix == ".py":
        said, seen = script_example(page), run_script(page)
        if difference(said, seen) is not None:
            shown = "".join(f"# {line}".rstrip() + "\n" for line in seen.output.splitlines())
            page.write_text(f"{said.code.rstrip()}\n\n\n{PRINTS}{shown}", encoding="utf-8")
        return
    text = page.read_text(encoding="utf-8")
    said_here = python_examples(page)
    ran = iter(zip(said_here, run_python(said_here), strict=True))

    def python(found: re.Match[str]) -> str:
        one, other = next(ran)
        if difference(one, other) is None:
            return found[0]
        block = f"```python\n{found['code']}```\n"
        return f"{block}\n```text\n{other.output}```\n" if other.output else block

    text = PYTHON.sub(python, text)
    commands = console_examples(page)
    with tempfile.TemporaryDirectory() as folder:
        printed = iter(zip(commands, run_console(commands, Path(folder)), strict=True))

    def command(found: re.Match[str]) -> str:
        one, other = next(printed)
        return found[0] if difference(one, other) is None else f"$ {found['command']}\n{other.output}"

    def console(block: re.Match[str]) -> str:
        return f"```console\n{COMMAND.sub(command, block['code'])}```\n"

    page.write_text(CONSOLE.sub(console, text), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write what the examples of pages print into the pages.")
    parser.add_argument("--write", nargs="+", type=Path, required=True)
    for one in parser.parse_args().write:
        write(one.resolve())

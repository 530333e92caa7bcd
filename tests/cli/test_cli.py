"""The command line as a person meets it: results on standard output, one line and exit code 2 for errors."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from canvasgen.cli.app import app, run

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


def canvasgen(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "canvasgen", *arguments],
        input=stdin, capture_output=True, text=True, timeout=600, cwd=cwd, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


def inside(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which is faster by the time that imports take."""
    done = CliRunner().invoke(app, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def schema_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schemas") / "person.json"
    path.write_text(json.dumps(SCHEMA), encoding="utf-8")
    return path


def assert_one_line_error(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("canvasgen: ")
    for word in words:
        assert word in lines[0]


def test_help_names_the_commands() -> None:
    done = canvasgen("--help")
    assert done.returncode == 0
    assert "generate" in done.stdout
    assert "check" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", ["generate", "check", "fill", "edit", "sudoku"])
def test_help_has_an_example(command: str) -> None:
    done = canvasgen(command, "--help")
    assert done.returncode == 0
    assert f"canvasgen {command} " in done.stdout.split("Example")[1]


def test_check_tells_sizes_and_verdicts() -> None:
    done = inside("check", "--regex", "[a-z]+@[a-z]+", "me@here", "nobody")
    assert done.returncode == 1, done.stderr
    assert "states" in done.stdout
    assert "token classes" in done.stdout
    lines = done.stdout.splitlines()
    assert any(line.startswith("matches") and "me@here" in line for line in lines)
    assert any(line.startswith("no match") and "nobody" in line for line in lines)


def test_check_of_matching_texts_ends_with_zero(schema_file: Path) -> None:
    done = inside("check", "--schema", str(schema_file), '{"name": "Al", "age": 3}')
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_generate_prints_plain_json_on_a_pipe(schema_file: Path) -> None:
    done = canvasgen(
        "generate", "--schema", str(schema_file), "--seed", "0", "--steps", "4", "Alice Smith, 34"
    )
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert set(value) == {"name", "age"}
    assert done.stderr == ""


@pytest.mark.slow
def test_generate_reads_standard_input_and_is_repeatable() -> None:
    runs = [
        canvasgen("generate", "--regex", "[a-z]{3}", "--seed", "7", "--steps", "2", stdin="three letters")
        for _ in "ab"
    ]
    assert runs[0].returncode == 0, runs[0].stderr
    assert len(runs[0].stdout.strip()) == 3
    assert runs[0].stdout == runs[1].stdout


@pytest.mark.slow
def test_generate_takes_a_dotted_name(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from pydantic import BaseModel\nclass Item(BaseModel):\n    sku: int\n", encoding="utf-8"
    )
    done = canvasgen(
        "generate", "--schema", "shop:Item", "--steps", "2", "--seed", "0", "item 12", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout)["sku"], int)


@pytest.mark.slow
def test_trace_goes_to_standard_error() -> None:
    done = canvasgen(
        "generate", "--choice", "yes", "--choice", "no", "--steps", "2", "--seed", "0", "--trace", "well?"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("yes", "no")
    assert "temperature" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", "--schema", "missing.json", "x"], ["InvalidConstraint", "missing.json"]),
        (["generate", "--schema", '{"type": 7}', "x"], ["InvalidConstraint"]),
        (["generate", "--schema", '{"type": "strin', "x"], ["InvalidConstraint"]),
        (["generate", "--schema", "nowhere:Thing", "x"], ["InvalidConstraint", "nowhere"]),
        (["generate", "--regex", "(", "x"], ["InvalidConstraint"]),
        (["generate", "--regex", r"(a)\1", "x"], ["UnsupportedConstraint", "position"]),
        (["generate", "--regex", "a", "--choice", "b", "x"], ["InvalidConstraint", "--choice"]),
        (["generate", "--regex", "a{40}", "--max-tokens", "1", "x"], ["BudgetTooSmall"]),
        (["generate", "--schema", '{"type":"integer","minimum":3,"maximum":2}', "x"], ["Unsatisfiable"]),
        (["generate", "--regex", "a"], ["ModelError", "no prompt"]),
        (["generate", "--model", "/nonexistent/folder", "x"], ["ModelError"]),
        (["generate", "--regex", "a", "--file", "missing.txt"], ["missing.txt"]),
        (["check"], ["InvalidConstraint"]),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], words: list[str]) -> None:
    assert_one_line_error(inside(*arguments), *words)


@pytest.mark.slow
def test_a_prompt_longer_than_the_context(tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    long.write_text("word " * 40_000, encoding="utf-8")
    assert_one_line_error(canvasgen("generate", "--regex", "a", "--file", str(long)), "ModelError", "context")


@pytest.mark.slow
def test_a_folder_that_is_no_diffusion_gemma(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}', encoding="utf-8")
    assert_one_line_error(canvasgen("generate", "--model", str(tmp_path), "x"), "ModelError")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", "--no-such-option", "x"], "No such option: --no-such-option; remedy: see `canvasgen generate --help`"),
        (["generate", "--seed", "abc", "x"], "'--seed'"),
        (["check", "--regex"], "--regex"),
        (["sudoku"], "Missing argument"),
        (["sudoku", "....", "--mode", "magic"], "magic"),
        (["sudok", "...."], "sudok"),
        (["--nope"], "remedy: see `canvasgen --help`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_arguments_are_one_line(
    capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code = run(arguments)
    out, err = capfd.readouterr()
    assert_one_line_error(subprocess.CompletedProcess(arguments, code, out, err), words)


def test_without_a_command_there_is_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([]) in (0, 2)  # by the version of typer
    assert "generate" in "".join(capfd.readouterr())
    assert run(["--version"]) == 0
    assert capfd.readouterr().out.startswith("canvasgen ")


def test_a_trace_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    for file in (tmp_path / "no" / "trace.json", tmp_path):
        done = inside("generate", "--regex", "a{9}", "--max-tokens", "1", "--save-trace", str(file), "x")
        assert_one_line_error(done, "--save-trace", str(file), "remedy")


@pytest.mark.slow
def test_ctrl_c_is_one_line() -> None:
    for delay in (5, 15, 45):
        process = subprocess.Popen(
            [sys.executable, "-m", "canvasgen", "generate", "--regex", "[a-z]{20000,}", "--max-tokens", "3500", "x"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            # A test run in the background may have been told to ignore the signal, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        time.sleep(delay)
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        if process.returncode != -signal.SIGINT:  # else Python itself was still starting
            break
    assert_interrupted(process.returncode, out, err)


def assert_interrupted(code: int, out: str, err: str) -> None:
    assert (code, out) == (130, "")
    assert err.strip().splitlines() == ["canvasgen: interrupted; nothing was written"]


def test_fill_prints_the_text_or_its_holes() -> None:
    arguments = ("fill", "Dear {name}, {{sic}} {n}", "name: Ann, n: 3", "--steps", "2", "--seed", "1")
    holes = ("--hole", "name=regex:[A-Z][a-z]{1,5}", "--hole", "n=choice:1|2|3")
    done = inside(*arguments, *holes)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"Dear [A-Z][a-z]{1,5}, \{sic\} [123]\n", done.stdout)
    done = inside(*arguments, *holes, "--json")
    assert set(json.loads(done.stdout)) == {"name", "n"}


def test_fill_fills_a_gap_in_a_file(tmp_path: Path) -> None:
    form = tmp_path / "rule.css"
    form.write_bytes(b"p { color: ___; }\r\n")
    done = inside("fill", str(form), "red", "--gap", "___", "--hole", "gap=choice:red|blue", "--steps", "2")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"p \{ color: (red|blue); \}\r?\n+", done.stdout)
    shown = inside(
        "fill", str(form), "red", "--gap", "___", "--hole", "gap=choice:red", "--steps", "1", "--json"
    )
    assert json.loads(shown.stdout) == {"gap": "red"}


def test_edit_in_place_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_bytes("Dear Zoë,\r\nbye.\r\n".encode())
    done = inside("edit", str(file), "Ann", "--mark", "Zoë", "--regex", "[A-Z][a-z]{2}", "--steps", "2", "-i")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert re.fullmatch(rb"Dear [A-Z][a-z]{2},\r\nbye.\r\n", file.read_bytes())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fill", "Dear {name", "x"], ["line 1, column 6"]),
        (["fill", "Dear {name}", "x", "--hole", "name=odd:1"], ["no such kind"]),
        (["fill", "Dear {name}", "x", "--hole", "nothing"], ["NAME=KIND:VALUE"]),
        (["fill", "Dear {name}", "x", "--hole", "other=text:4"], ["no such hole", "name"]),
        (["fill", "Dear ___", "x", "--gap", "?"], ["0 times"]),
        (["edit", "abc", "x", "--mark", "z"], ["does not hold the marker"]),
        (["edit", "abc", "x"], ["--mark or --span"]),
        (["edit", "abc", "x", "--span", "2"], ["START:STOP"]),
        (["edit", "abc", "x", "--span", "2:9"], ["outside"]),
        (["edit", "abc", "x", "--mark", "a", "--strength", "3"], ["strength"]),
        (["edit", "abc", "x", "--mark", "a", "-i"], ["needs a file"]),
        (["edit", "abc", "x", "--mark", "a", "-i", "--text"], ["needs a file"]),
        (["fill", "typo.txt", "x"], ["no such template file", "typo.txt", "--text"]),
        (["fill", "my letters/an invoice.md", "x"], ["no such template file"]),
        (["fill", "nowhere/form", "x", "--gap", "___"], ["no such template file"]),
        (["fill", "typo", "x"], ["no hole", "no file"]),
        (["fill", "Dear {x}", "x", "--hole", "x=grammar:nowhere.lark"], ["no such grammar file"]),
        (["edit", "typo.txt", "x", "--mark", "t"], ["no such text file", "--text"]),
        (["edit", "a/b", "x", "--span", "0:1", "-i"], ["needs a file"]),
        (["generate", "x", "--grammar", "typo.lark"], ["no such grammar file"]),
        (["generate", "x", "--regex", ""], ["--regex is empty"]),
        (["generate", "x", "--schema", ""], ["--schema is empty"]),
        (["generate", "x", "--grammar", ""], ["--grammar is empty"]),
        (["generate", "x", "--regex", "", "--choice", "a"], ["exclude each other"]),
        (["check", "x", "--regex", ""], ["--regex is empty"]),
    ],
)
def test_wrong_forms_are_one_line(arguments: list[str], words: list[str]) -> None:
    assert_one_line_error(inside(*arguments), *words)

"""How the command begins and ends: interrupted at any moment, on a full disk, into a closed pipe, on a terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from canvasgen import api
from canvasgen.cli import notice, warming
from canvasgen.cli.app import run
from canvasgen.cli.doctor import _warm
from canvasgen.cli.endings import EXIT_INTERRUPTED, guarded
from canvasgen.cli.notice import clear_notice, show_notice
from canvasgen.cli.replacing import check_replaceable, replace
from canvasgen.errors import InvalidConstraint
from canvasgen.jit import TELLING
from canvasgen.serve.batches import batch_run

COMMAND = [sys.executable, "-m", "canvasgen"]
CHECK = [*COMMAND, "check", "--regex", "a|b", "a"]
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


def interruptible() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert lines[0].startswith("canvasgen: ")
    return lines[0]


@pytest.mark.parametrize("module", ["canvasgen.extras", "typer", "canvasgen.cli.app"])
def test_ctrl_c_while_python_imports_is_one_line(tmp_path: Path, module: str) -> None:
    """The signal comes in the middle of an import, as it does when someone changes their mind at once."""
    code = f"""
        import importlib.abc, os, signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)
        class Interrupting(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name == {module!r}:
                    os.kill(os.getpid(), signal.SIGINT)
        sys.meta_path.insert(0, Interrupting())
        sys.argv = ["canvasgen", "generate", "x"]
        from canvasgen.cli import main
        main()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (EXIT_INTERRUPTED, "")
    assert one_line(done.stderr) == "canvasgen: interrupted; nothing was written"


def raising(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device", "/full/file"), 2, "OSError: [Errno 28]"),
        (PermissionError(13, "Permission denied"), 2, "PermissionError"),
        (InvalidConstraint("not\nvalid"), 2, "InvalidConstraint: not valid"),
    ],
)
def test_what_stops_a_command_is_one_line(
    capfd: pytest.CaptureFixture[str], error: BaseException, code: int, words: str
) -> None:
    assert guarded(raising(error)) == code
    assert words in one_line(capfd.readouterr().err)


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        guarded(raising(ZeroDivisionError()))


@pytest.mark.slow
@full
@pytest.mark.parametrize("command", [CHECK, [*COMMAND, "--help"], [*COMMAND, "--version"]])
def test_a_full_disk_is_one_line(command: list[str]) -> None:
    with open("/dev/full", "w") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "No space left" in one_line(done.stderr)


@pytest.mark.slow
@full
def test_where_not_even_the_error_can_be_written_the_exit_code_tells() -> None:
    with open("/dev/full", "w") as out:
        assert subprocess.run(CHECK, stdout=out, stderr=out).returncode == 2


@pytest.mark.slow
def test_a_reader_that_has_gone_is_no_reason_to_talk() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(CHECK, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert done.returncode in (1, 2)  # rich, which prints for `check`, has its own
    assert done.stderr == ""


def test_the_first_line_on_a_terminal_comes_before_the_imports() -> None:
    """And it is gone when the output comes. The imports cannot happen: typer is not there."""
    code = """
        import sys
        sys.modules["typer"] = None
        sys.argv = ["canvasgen", "check"]
        from canvasgen.cli import main
        main()
    """
    mine, terminal = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                shown += os.read(mine, 4096)
            except OSError:  # how Linux says that the other side is closed
                break
    os.close(mine)
    assert process.returncode == 2
    first, last = shown.decode().split("\r\x1b[2K")[1:]
    assert first == "canvasgen: loading …"
    assert last.startswith("canvasgen: MissingPackage: ")
    assert "pip install 'canvasgen[cli]'" in last


def test_a_terminal_that_cannot_move_its_cursor_gets_no_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for term, shown in (("dumb", ""), ("xterm", "\r\x1b[2Kcanvasgen: loading …\r\x1b[2K")):
        monkeypatch.setenv("TERM", term)
        show_notice("loading …")
        clear_notice()
        assert capsys.readouterr().err == shown


def test_who_warms_kernels_hears_how_many(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three kernels that are not compiled yet, in the place of all."""
    from canvasgen import jit
    from canvasgen.jit import njit

    monkeypatch.setattr(jit, "KERNELS", [])
    made = [njit()(lambda x: x + 1) for _ in range(3)]
    monkeypatch.setattr(warming, "warm_kernels", lambda: [one(1) for one in made])
    _warm()
    assert capsys.readouterr().err == "canvasgen: compiling kernels, up to two minutes\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    made = [njit()(lambda x: x + 2) for _ in range(3)]
    _warm()
    assert capsys.readouterr().err.endswith("compiling kernels, up to two minutes … 3")
    assert TELLING.tell is None


def test_a_batch_that_is_interrupted_says_that_it_goes_on(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the middle of the rows: the answers so far are kept, so the line does not say that nothing was written."""
    (tmp_path / "in.jsonl").write_text('{"prompt": "x", "choice": ["a"]}\n')

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(notice, "_shown", False)  # of a test before
    monkeypatch.setattr(api, "load", lambda *_, **__: None)
    monkeypatch.setattr(batch_run, "run_batch", interrupted)
    assert run(["batch", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl")]) == EXIT_INTERRUPTED
    told = one_line(capfd.readouterr().err)
    assert told == "canvasgen: interrupted; the same command goes on where this one ended"


# -- files that are replaced ---------------------------------------------------------------------------------


def test_replacing_keeps_the_mode_and_the_link(tmp_path: Path) -> None:
    file, link = tmp_path / "letter.txt", tmp_path / "link.txt"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    check_replaceable(link)
    replace(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["letter.txt", "link.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "letter.txt"
    file.write_text("old")
    monkeypatch.setattr(os, step, failing)
    with pytest.raises(OSError, match="No space"):
        replace(file, b"new")
    assert [one.read_text() for one in tmp_path.iterdir()] == ["old"]


def test_what_cannot_be_replaced_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may write everywhere
    with pytest.raises(InvalidConstraint, match="cannot be written"):
        check_replaceable(file)


# -- doctor --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_doctor_prints_what_there_is() -> None:
    done = subprocess.run([*COMMAND, "doctor", "--json"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["packages"]["torch"] != "not installed"
    assert found["extras"]["tables"] is True
    assert found["devices"][0]["name"] == "cpu"
    assert {one["name"] for one in found["models"]} >= {"tiny", "sudoku"}
    assert all(one["bytes"] > 1_000_000 for one in found["models"])
    kernels = found["kernels"]
    assert kernels["compiled"] + len(kernels["missing"]) == kernels["all"] > 100
    assert [one["holds"] for one in found["caches"]] == ["vocabularies, automata", "compiled kernels"]
    for_people = subprocess.run([*COMMAND, "doctor"], capture_output=True, text=True, check=True).stdout
    for part in ("packages", "extras", "devices", "caches", "kernels", "models", found["packages"]["torch"]):
        assert part in for_people


@pytest.mark.slow
def test_doctor_warms_every_kernel() -> None:
    command = [*COMMAND, "doctor", "--warm", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["kernels"]["missing"] == []

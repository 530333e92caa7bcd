"""Kernels are compiled wherever the package is, and whoever waits for it on a terminal is told."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from canvasgen.jit import KERNELS, private_folder

READ_ONLY = """
import os, tempfile
plain = tempfile.TemporaryFile
def refusing(*a, dir=None, **k):  # numba looks whether a folder can be written by making a file there
    if not str(dir).startswith(os.environ["WRITABLE"]):
        raise PermissionError(13, "Permission denied", str(dir))
    return plain(*a, dir=dir, **k)
tempfile.TemporaryFile = refusing
"""

KERNEL = """
from canvasgen.jit import KERNELS, njit
@njit(cache=True)
def twice(x):
    return 2 * x
@njit(cache=True)
def more(x):
    return twice(x) + 1
print(more(3), len(KERNELS), more.stats.cache_path)
"""


def run(tmp_path: Path, before: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the kernel's module from a file, as numba caches no code of `-c`."""
    (tmp_path / "canvasgen_user.py").write_text(before + textwrap.dedent(KERNEL), encoding="utf-8")
    root = str(Path(__file__).parents[1])
    return subprocess.run(
        [sys.executable, str(tmp_path / "canvasgen_user.py")],
        capture_output=True, text=True, timeout=600, check=True,
        env={**os.environ, "PYTHONPATH": root, "TMPDIR": str(tmp_path), **environment},
    )  # fmt: skip


def test_where_nothing_can_be_written_but_temporary_files_kernels_go_there(tmp_path: Path) -> None:
    folder = tmp_path / f"canvasgen-kernels-{os.getuid()}"
    first = run(tmp_path, READ_ONLY, WRITABLE=str(folder))
    assert first.stdout.split()[:2] == ["7", "2"]
    assert first.stdout.split()[2].startswith(str(folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.rglob("*.nbi"))


def test_where_nothing_can_be_written_at_all_kernels_are_compiled_all_the_same(tmp_path: Path) -> None:
    done = run(tmp_path, READ_ONLY, WRITABLE="/nowhere")
    assert done.stdout.split()[:2] == ["7", "2"]


def test_where_the_package_can_be_written_kernels_stay_beside_it(tmp_path: Path) -> None:
    done = run(tmp_path, "", NUMBA_CACHE_DIR="")
    assert done.stdout.split()[2] == str(tmp_path / "__pycache__")


@pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX's")
def test_a_folder_that_others_can_write_to_is_not_trusted(tmp_path: Path) -> None:
    made = private_folder(tmp_path)
    assert made is not None
    assert private_folder(tmp_path) == made
    made.chmod(0o777)
    assert private_folder(tmp_path) is None


@pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX's")
def test_a_link_in_the_folders_place_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / f"canvasgen-kernels-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    assert private_folder(tmp_path) is None
    assert private_folder(tmp_path / "missing") is None


def test_every_kernel_is_known() -> None:
    import canvasgen.automata

    names = {kernel.py_func.__module__ for kernel in KERNELS}
    assert {"canvasgen.automata.minimise_kernel", "canvasgen.automata.product_kernel"} <= names
    assert canvasgen.automata is not None


TOLD = """
import sys
class Terminal:
    def isatty(self): return {terminal}
    def write(self, text): print("told", text.count("compiling kernels"))
    def flush(self): pass
sys.stderr = Terminal()
"""


@pytest.mark.slow
@pytest.mark.parametrize("terminal", [True, False])
def test_on_a_terminal_it_says_once_that_kernels_are_compiled(tmp_path: Path, terminal: bool) -> None:
    fresh = str(tmp_path / "kernels")
    cold = run(tmp_path, TOLD.format(terminal=terminal), NUMBA_CACHE_DIR=fresh)
    assert cold.stdout.count("told 1") == terminal
    warm = run(tmp_path, TOLD.format(terminal=terminal), NUMBA_CACHE_DIR=fresh)
    assert "told" not in warm.stdout

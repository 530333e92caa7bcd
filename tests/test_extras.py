"""Without the packages of the extras, everything that does not need them works, and the rest names what to install."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from canvasgen.extras import installed, needed

ROOT = Path(__file__).parents[1]


def without(packages: list[str], code: str) -> subprocess.CompletedProcess[str]:
    """Run code where these packages cannot be imported."""
    head = f"import sys\nsys.modules.update(dict.fromkeys({packages!r}))\n"
    return subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(code)], capture_output=True, text=True, timeout=600, cwd=ROOT
    )  # fmt: skip


def test_a_package_that_is_there_is_returned() -> None:
    assert needed("rich.console", "a test").Console.__name__ == "Console"
    assert installed("rich")


@pytest.mark.slow
def test_tables_without_ortools_do_what_their_own_search_can() -> None:
    done = without(
        ["ortools"],
        """
        import numpy as np
        import canvasgen as cg
        from canvasgen.errors import MissingPackage
        from canvasgen.extras import installed
        from canvasgen.relations import Problem, RelationLimits, all_different

        assert not installed("ortools")
        sudoku = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
        assert cg.sudoku(sudoku).root.sum() == 81
        few = Problem({cell: range(4) for cell in range(4)}, [all_different([0, 1, 2, 3])])
        assert few.best(np.eye(4)).assignment.tolist() == [0, 1, 2, 3]
        limits = RelationLimits(max_nodes=1)
        many = Problem({cell: range(9) for cell in range(9)}, [all_different(list(range(9)))], limits=limits)
        try:
            many.best(np.zeros((9, 9)))
        except MissingPackage as error:
            print(error.rule, error)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("tables ")
    assert "ortools" in done.stdout
    assert "pip install 'canvasgen[tables]'" in done.stdout


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_the_command_without_its_packages_is_one_line(package: str) -> None:
    done = without([package], "sys.argv = ['canvasgen', '--help']; from canvasgen.cli import main; main()")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("canvasgen: MissingPackage: the command line needs the package " + package)
    assert "pip install 'canvasgen[cli]'" in done.stderr


@pytest.mark.slow
def test_generating_needs_no_extra() -> None:
    done = without(
        ["ortools", "typer", "rich", "accelerate"],
        """
        import canvasgen as cg
        from canvasgen.errors import MissingPackage
        print(cg.generate("Alice, 34", schema={"type": "integer"}, seed=0, max_denoising_steps=2) is not None)
        try:
            cg.load().batch([cg.Request("x", regex="a")], progress=True)
        except MissingPackage as error:
            print(error.value)
        """,
    )
    assert done.stdout.split() == ["True", "rich"], done.stderr


def test_a_package_whose_own_import_fails_is_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "accelerate"
    broken.mkdir()
    (broken / "__init__.py").write_text("import a_package_of_its_own")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "accelerate", raising=False)
    with pytest.raises(ModuleNotFoundError, match="a_package_of_its_own"):
        needed("accelerate", "a test")

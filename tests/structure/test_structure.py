"""The structure holds: imports go one way, nothing that is counted gets worse, and importing the package stays light."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import structure_baseline
from import_graph import Import, circles, import_graph, imports_of, module_file, room_circles
from structure_figures import Figures, measure

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "canvasgen"

# Each part imports only from the parts before it (docs/architecture.md).
ORDER = [
    "errors",
    "extras",
    "showing",
    "named",
    "notes",
    "forks",
    "checks",
    "limits",
    "jit",
    "once",
    "automata",
    "grounding",
    "viewer",
    "trace",
    "relations",
    "vocabulary",
    "schemas",
    "tokens",
    "inference",
    "field_relations",
    "constraints",
    "outline",
    "denoise",
    "models",
    "request",
    "calls",
    "decisions",
    "scheduling",
    "engine",
    "api",
    "serve",
    "integrations",
    "notebook",
    "cli",
    "training",  # nothing at run time imports it
]

FILES = {
    part: sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]
    for part in {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in PACKAGE.rglob("*.py")}
    - {"__init__", "__main__"}
}


@pytest.fixture(scope="module")
def figures() -> Figures:
    return measure(ROOT)


def part_of(module: str) -> str | None:
    """`canvasgen.tokens.lift` -> `tokens`; None for the package root and for other packages."""
    names = module.split(".")
    return names[1] if names[0] == "canvasgen" and len(names) > 1 else None


def violations(file: Path, part: str) -> list[str]:
    allowed = ORDER[: ORDER.index(part) + 1]
    return [
        f"{file.name}:{one.line} imports {one.target}"
        for one in imports_of(file, "canvasgen")
        if part_of(one.target) not in allowed
    ]


def test_every_part_has_its_place() -> None:
    assert sorted(FILES) == sorted(ORDER)


@pytest.mark.slow
@pytest.mark.parametrize("part", ORDER)
def test_imports_go_one_way(part: str) -> None:
    assert [v for file in FILES[part] for v in violations(file, part)] == []


def test_the_architecture_page_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = page.split("```")[1]
    named = set(re.findall(r"^ +([a-z_]+)/? ?", picture, re.M))
    rooms = {
        parent.name for file in PACKAGE.rglob("*.py") for parent in file.parents if PACKAGE in parent.parents
    }
    assert named >= rooms | set(ORDER)


@pytest.mark.slow
def test_no_figure_gets_worse(figures: Figures) -> None:
    assert structure_baseline.worse(figures.ratchet(), structure_baseline.read()) == [], (
        structure_baseline.ADVICE
    )


@pytest.mark.parametrize("statement", ["import canvasgen", "import canvasgen.cli"])
def test_import_is_light(statement: str) -> None:
    code = f"{statement}; import sys; print([m for m in ('torch', 'transformers', 'numba', 'numpy') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_kernels_are_compiled_by_canvasgen_jit() -> None:
    """Which finds a place for numba's cache where the package is read-only, and counts what is compiled."""
    own = [file for part in set(ORDER) - {"jit", "training"} for file in FILES[part]]
    assert [file.name for file in own if re.search(r"import njit|numba\.n?jit", file.read_text("utf-8"))] == [
        file.name for file in own if "from canvasgen.jit import njit" in file.read_text("utf-8")
    ]


def test_public_names_resolve() -> None:
    import canvasgen

    assert all(getattr(canvasgen, name) is not None for name in canvasgen.__all__)


# The checks themselves: each sees what it is there for.


def write(root: Path, files: dict[str, str]) -> None:
    for name, source in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source, encoding="utf-8")


def test_the_order_sees_a_local_import(tmp_path: Path) -> None:
    write(tmp_path, {"bad.py": "def f():\n    from canvasgen.models import loading\n"})
    assert violations(tmp_path / "bad.py", "tokens") == ["bad.py:2 imports canvasgen.models.loading"]


def test_a_relative_import_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"bad.py": "from . import loading\n"})
    with pytest.raises(ValueError, match="relative import"):
        imports_of(tmp_path / "bad.py", "canvasgen")


def test_imports_are_read_with_their_lines(tmp_path: Path) -> None:
    source = "import json\nimport p.a\nfrom p import b\nif True:\n    from p.c import d, e\n"
    write(tmp_path, {"one.py": source})
    found = [Import(2, "p.a"), Import(3, "p.b"), Import(5, "p.c.d"), Import(5, "p.c.e")]
    assert imports_of(tmp_path / "one.py", "p") == found


def test_names_lead_to_the_file_that_holds_them(tmp_path: Path) -> None:
    write(tmp_path, {"p/__init__.py": "", "p/a.py": "", "p/q/__init__.py": "", "p/q/b.py": ""})
    targets = ["p", "p.a", "p.a.name", "p.name", "p.q", "p.q.b", "p.q.b.name", "p.q.name", "p.no.name"]
    files = ["p/__init__.py", "p/a.py", "p/a.py", "p/__init__.py"]
    files += ["p/q/__init__.py", "p/q/b.py", "p/q/b.py", "p/q/__init__.py", None]
    assert [module_file(tmp_path, target) for target in targets] == files


def test_circles_through_functions_and_types_are_seen(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "p/__init__.py": "from p.q import a\n",
            "p/q/__init__.py": "",
            "p/q/a.py": "def f():\n    from p.q.b import g\n",
            "p/q/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.q import c\n",
            "p/q/c.py": "from p.q.a import f\n",
            "p/d.py": "from p.q import c\n",
        },
    )
    graph = import_graph(tmp_path, "p")
    assert graph["p/d.py"] == {"p/q/c.py"}
    assert circles(graph) == [("p/q/a.py", "p/q/b.py", "p/q/c.py")]
    assert room_circles(graph) == {"p/q": [("a.py", "b.py", "c.py")]}


def test_rooms_may_form_a_circle_where_no_files_do(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "p/q/a.py": "from p.r import b\n",
            "p/r/b.py": "",
            "p/r/c.py": "from p.q import d\n",
            "p/q/d.py": "",
        },
    )
    graph = import_graph(tmp_path, "p")
    assert circles(graph) == []
    assert room_circles(graph) == {"p": [("q", "r")]}


def test_figures_of_a_small_package(tmp_path: Path) -> None:
    base = "class _Texts:\n    k: int = 0\n    def m(self): ...\nclass Constraint(_Texts):\n    def n(self): ...\n"
    algebra = (
        "class Combined(Constraint):\n    def m(self): ...\n\n\nclass Both(Combined):\n    k = 1\n    o = 2\n"
    )
    write(
        tmp_path,
        {
            "pyproject.toml": '[tool.basedpyright]\nstrict = ["canvasgen/a"]\n',
            "canvasgen/__init__.py": "",
            "canvasgen/a/x.py": "def f():\n    def g():\n        pass\n\n",
            "canvasgen/constraints/x.py": "from typing import Any\nclass Both: ...\nx: Any = 1\n",
            "canvasgen/constraints/base.py": base,
            "canvasgen/constraints/algebra.py": algebra,
        },
    )
    found = measure(tmp_path)
    assert (found.lines, found.strict_lines, found.any_uses) == (19, 4, 1)
    assert found.parts == {"constraints": 15, "a": 4}
    assert found.members == ("k", "m", "n")
    assert found.overridden == {"Both": ("k", "m")}
    assert found.shared_names == {"x.py": ["canvasgen/a/x.py", "canvasgen/constraints/x.py"]}
    assert found.longest_functions[0] == (3, "canvasgen/a/x.py:f")
    assert found.ratchet()["largest part, % of lines"] == 79.0


def test_a_ratchet_sees_what_is_worse_new_or_gone() -> None:
    worse = structure_baseline.worse
    assert worse({"a": 1, "b": 2}, {"a": 1, "b": 3}) == []
    assert worse({"a": 2.5}, {"a": 2}) == ["a: 2.5, allowed 2"]
    assert worse({"a": float("nan")}, {"a": 2}) == ["a: nan, allowed 2"]
    assert len(worse({"a": 1}, {"b": 1})) == 2

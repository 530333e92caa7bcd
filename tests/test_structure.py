"""The structure holds: imports go one way, and importing the package stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "canvasgen"

# Each part imports only from the parts before it (docs/architecture.md).
ORDER = [
    "errors",
    "checks",
    "notes",
    "relations",
    "automata",
    "schemas",
    "vocabulary",
    "tokens",
    "inference",
    "constraints",
    "denoise",
    "models",
    "engine",
    "api",
    "cli",
    "training",
]


def part_of(module: str) -> str | None:
    """`canvasgen.tokens.lift` -> `tokens`; None for the package root and for other packages."""
    names = module.split(".")
    return names[1] if names[0] == "canvasgen" and len(names) > 1 else None


def imported_modules(file: Path) -> list[tuple[int, str]]:
    """Every `(line, module)` that a file imports from canvasgen, wherever in the file it does so."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            if node.module == "canvasgen":
                found += [(node.lineno, f"canvasgen.{alias.name}") for alias in node.names]
            elif node.module is not None:
                found.append((node.lineno, node.module))
    return [(line, module) for line, module in found if module.split(".")[0] == "canvasgen"]


def violations(file: Path, part: str) -> list[str]:
    allowed = ORDER[: ORDER.index(part) + 1]
    return [
        f"{file.name}:{line} imports {module}"
        for line, module in imported_modules(file)
        if part_of(module) not in allowed
    ]


def test_every_part_has_its_place() -> None:
    parts = {p.stem if p.is_file() else p.name for p in PACKAGE.iterdir() if p.suffix == ".py" or p.is_dir()}
    assert parts - {"__init__", "__main__", "__pycache__"} == set(ORDER)


@pytest.mark.parametrize("part", ORDER)
def test_imports_go_one_way(part: str) -> None:
    files = (
        [PACKAGE / f"{part}.py"]
        if (PACKAGE / f"{part}.py").exists()
        else sorted((PACKAGE / part).rglob("*.py"))
    )
    assert files
    assert [v for file in files for v in violations(file, part)] == []


def test_the_check_sees_a_violation(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text("def f():\n    from canvasgen.models import loading\n", encoding="utf-8")
    assert violations(file, "tokens") == ["bad.py:2 imports canvasgen.models"]


@pytest.mark.parametrize("statement", ["import canvasgen", "import canvasgen.cli"])
def test_import_is_light(statement: str) -> None:
    code = f"{statement}; import sys; print([m for m in ('torch', 'transformers', 'numba', 'numpy') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_public_names_resolve() -> None:
    import canvasgen

    assert all(getattr(canvasgen, name) is not None for name in canvasgen.__all__)

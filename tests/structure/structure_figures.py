"""Figures of a checkout's structure, read from its source alone: nothing of it is imported."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from import_graph import circles, import_graph, room_circles

__all__ = ["Figures", "measure"]

PACKAGE = "canvasgen"
TOP = 8
"""How many of the longest files and functions are kept."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is measured of a checkout. Lines are physical lines of `.py` files under `canvasgen/`.

    Attributes:
        lines: lines in all.
        files: files in all.
        parts: part (the first folder or file under the package) -> lines, the largest first.
        folders: folder -> `.py` files directly in it, `__init__.py` included, the fullest first.
        circles: circles of files, the largest first.
        room_circles: folder -> circles between its rooms.
        members: the members of `Constraint` and its bases, special methods left out.
        overridden: combinator -> the members of `Constraint` that it overrides, itself or by a base of its own.
        shared_names: basename -> the files that have it, for basenames of several files (`__init__`, `__main__` apart).
        strict_lines: lines of files that pyright checks strictly.
        any_uses: uses of `Any`.
        longest_files: (lines, file), the longest first.
        longest_functions: (lines, file:name), the longest first.
    """

    lines: int
    files: int
    parts: dict[str, int]
    folders: dict[str, int]
    circles: list[tuple[str, ...]]
    room_circles: dict[str, list[tuple[str, ...]]]
    members: tuple[str, ...]
    overridden: dict[str, tuple[str, ...]]
    shared_names: dict[str, list[str]]
    strict_lines: int
    any_uses: int
    longest_files: list[tuple[int, str]]
    longest_functions: list[tuple[int, str]]

    def ratchet(self) -> dict[str, float]:
        """The figures that may only fall, by name (shares in per cent, rounded up to a tenth)."""
        largest = max(self.parts.values(), default=0)
        return {
            "circles of files": len(self.circles),
            "files in circles": sum(len(circle) for circle in self.circles),
            "folders with circles between their rooms": len(self.room_circles),
            "largest part, % of lines": _share(largest, self.lines),
            "files in the fullest folder": max(self.folders.values(), default=0),
            "members of Constraint": len(self.members),
            "members that a combinator overrides, at most": max(
                map(len, self.overridden.values()), default=0
            ),
            "files that share a basename": sum(map(len, self.shared_names.values())),
            "lines outside of strict checking, %": _share(self.lines - self.strict_lines, self.lines),
            "uses of Any per 1000 lines": _share(self.any_uses * 10, self.lines),
            "lines of the longest file": self.longest_files[0][0] if self.longest_files else 0,
            "lines of the longest function": self.longest_functions[0][0] if self.longest_functions else 0,
        }


def _share(part: int, whole: int) -> float:
    """`part` as per cent of `whole`, rounded up to a tenth."""
    return -(-1000 * part // max(whole, 1)) / 10


def _functions(tree: ast.Module) -> list[tuple[int, str]]:
    """(lines, name) of every function, with the names of the classes and functions around it."""
    found: list[tuple[int, str]] = []

    def visit(node: ast.AST, around: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{around}{child.name}"
                if not isinstance(child, ast.ClassDef):
                    found.append(((child.end_lineno or child.lineno) - child.lineno + 1, name))
                visit(child, f"{name}.")
            else:
                visit(child, around)

    visit(tree, "")
    return found


def _uses_of_any(tree: ast.Module) -> int:
    """Uses of the name `Any`, imports apart; `typing.Any` counts as well."""
    return sum(
        (isinstance(node, ast.Name) and node.id == "Any")
        or (isinstance(node, ast.Attribute) and node.attr == "Any")
        for node in ast.walk(tree)
    )


def _members(class_: ast.ClassDef) -> set[str]:
    """The names that a class body defines, special methods and slots left out."""
    names: set[str] = set()
    for node in class_.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not (name.startswith("__") and name.endswith("__"))}


def _constraint_members(trees: dict[str, ast.Module]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The members of `Constraint`, those of its bases included; and which of them each combinator overrides.

    A combinator is a class that derives from `Combined`, and what it overrides is what it or a class between it and
    `Constraint` defines. A base is looked for in the class's own file first, then in the other files of the part.
    """
    found = [
        (file, node)
        for file, tree in trees.items()
        if file.startswith(f"{PACKAGE}/constraints/")
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    ]

    def line(file: str, class_: ast.ClassDef) -> list[ast.ClassDef]:
        """The class and those that it derives from."""
        classes = [class_]
        for base in class_.bases:
            same = [
                one
                for one in found
                if isinstance(base, ast.Name) and one[1].name == base.id and one[1] != class_
            ]
            for one in sorted(same, key=lambda one: one[0] != file)[:1]:
                classes += line(*one)
        return classes

    above = next((line(file, class_) for file, class_ in found if class_.name == "Constraint"), [])
    members = {member for class_ in above for member in _members(class_)}
    overridden: dict[str, tuple[str, ...]] = {}
    for file, class_ in found:
        own = [one for one in line(file, class_) if one not in above]
        if any(one.name in ("Combined", "_Combined") for one in own[1:]):
            defined = {member for one in own for member in _members(one)}
            overridden[class_.name] = tuple(sorted(defined & members))
    return tuple(sorted(members)), overridden


def _strict_lines(root: Path, lines: dict[str, int], sources: dict[str, str]) -> int:
    """Lines of the files that `[tool.basedpyright] strict` or a `# pyright: strict` comment covers."""
    with (root / "pyproject.toml").open("rb") as file:
        settings: dict[str, Any] = tomllib.load(file).get("tool", {}).get("basedpyright", {})
    roots = [path.removesuffix("/**").rstrip("/") for path in settings.get("strict", [])]
    return sum(
        count
        for file, count in lines.items()
        if any(file == one or file.startswith(f"{one}/") for one in roots)
        or "# pyright: strict" in sources[file]
    )


def measure(root: Path) -> Figures:
    """The figures of the checkout at `root`."""
    sources = {
        file.relative_to(root).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted((root / PACKAGE).rglob("*.py"))
    }
    trees = {file: ast.parse(source) for file, source in sources.items()}
    lines = {file: len(source.splitlines()) for file, source in sources.items()}
    parts: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    names: defaultdict[str, list[str]] = defaultdict(list)
    for file, count in lines.items():
        folder, _, name = file.rpartition("/")
        folders[folder] += 1
        if file != f"{PACKAGE}/__init__.py":
            parts[file.split("/")[1].removesuffix(".py")] += count
        if name not in ("__init__.py", "__main__.py"):
            names[name].append(file)
    graph = import_graph(root, PACKAGE)
    members, overridden = _constraint_members(trees)
    functions = [(size, f"{file}:{name}") for file, tree in trees.items() for size, name in _functions(tree)]
    return Figures(
        lines=sum(lines.values()),
        files=len(lines),
        parts=dict(parts.most_common()),
        folders=dict(folders.most_common()),
        circles=circles(graph),
        room_circles=room_circles(graph),
        members=members,
        overridden=overridden,
        shared_names={name: files for name, files in sorted(names.items()) if len(files) > 1},
        strict_lines=_strict_lines(root, lines, sources),
        any_uses=sum(map(_uses_of_any, trees.values())),
        longest_files=sorted(((count, file) for file, count in lines.items()), reverse=True)[:TOP],
        longest_functions=sorted(functions, reverse=True)[:TOP],
    )

"""Which file of a package imports which: the graph, its circles, and the same between the rooms of a folder.

Every import counts, wherever it stands: at the top of a file, inside a function, under TYPE_CHECKING. An import of a
name from a package (`from canvasgen.tokens import lift`) leads to the module of that name if there is one, else to the
package's `__init__.py`. That importing a module also runs the `__init__.py` files above it is not counted.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

__all__ = ["Import", "circles", "import_graph", "imports_of", "module_file", "room_circles"]

Graph = Mapping[str, frozenset[str]]
"""Node -> the nodes that it leads to."""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module or name of the package: `line`, and its dotted `target` (`canvasgen.tokens.lift`)."""

    line: int
    target: str


def imports_of(file: Path, package: str) -> list[Import]:
    """Every import of the package in a file, in the order of lines.

    Raises:
        ValueError: an import is relative.
    """
    found: list[Import] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [Import(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise ValueError(f"{file}:{node.lineno}: relative import")
            found += [Import(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    inside = [one for one in found if one.target.split(".")[0] == package]
    return sorted(inside, key=lambda one: (one.line, one.target))


def module_file(root: Path, target: str) -> str | None:
    """The file, relative to `root`, of a dotted module or of the module that holds a dotted name; None if neither is.

    `canvasgen.tokens.lift` is `canvasgen/tokens/lift.py` if that exists, else `canvasgen/tokens/__init__.py`.
    """
    path = target.replace(".", "/")
    around = path.rpartition("/")[0]
    candidates = [f"{path}.py", f"{path}/__init__.py"]
    if around:
        candidates += [f"{around}.py", f"{around}/__init__.py"]
    return next((one for one in candidates if (root / one).is_file()), None)


def import_graph(root: Path, package: str = "canvasgen") -> dict[str, frozenset[str]]:
    """File -> the files that it imports, by their paths relative to `root`; no file leads to itself."""
    graph: dict[str, frozenset[str]] = {}
    for file in sorted((root / package).rglob("*.py")):
        name = file.relative_to(root).as_posix()
        targets = {module_file(root, one.target) for one in imports_of(file, package)}
        graph[name] = frozenset(target for target in targets if target is not None and target != name)
    return graph


def circles(graph: Graph) -> list[tuple[str, ...]]:
    """The strongly connected components of more than one node, each sorted, the largest first (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    waiting: set[str] = set()
    found: list[tuple[str, ...]] = []
    for start in graph:
        if start in index:
            continue
        work = [(start, iter(sorted(graph[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        waiting.add(start)
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    waiting.add(successor)
                    work.append((successor, iter(sorted(graph.get(successor, ())))))
                    break
                if successor in waiting:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    at = stack.index(node)
                    component = tuple(sorted(stack[at:]))
                    del stack[at:]
                    waiting.difference_update(component)
                    if len(component) > 1:
                        found.append(component)
    return sorted(found, key=lambda component: (-len(component), component))


def _room(folder: str, file: str) -> str | None:
    """The child of `folder` that holds a file: a subfolder, or the file itself; None if it is elsewhere."""
    if not file.startswith(f"{folder}/"):
        return None
    return file[len(folder) + 1 :].split("/")[0]


def room_circles(graph: Graph, folders: Iterable[str] | None = None) -> dict[str, list[tuple[str, ...]]]:
    """Folder -> the circles between its rooms, where there are any.

    The rooms of a folder are its subfolders, each taken as one, and its files. A folder without circles has an
    order in which every room imports only rooms before it.
    """
    if folders is None:
        folders = sorted({str(parent) for file in graph for parent in PurePosixPath(file).parents} - {"."})
    found: dict[str, list[tuple[str, ...]]] = {}
    for folder in folders:
        between: dict[str, set[str]] = {}
        for file, targets in graph.items():
            source = _room(folder, file)
            if source is None:
                continue
            rooms = {room for target in targets if (room := _room(folder, target)) not in (None, source)}
            between.setdefault(source, set()).update(room for room in rooms if room is not None)
        inside = circles({room: frozenset(targets) for room, targets in between.items()})
        if inside:
            found[folder] = inside
    return found

"""A hook of mkdocs: pages of the repository that stand outside of `docs` become pages of the site.

The pages that are read in the repository, too, link to files beside `docs` (`../CONTRIBUTING.md`). Markdown files there and
the scripts of `examples` are added under `repository/`; of other files and of folders the path is shown.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.M | re.S)
PAGES = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "canvasgen/models/embedded/sudoku/MODEL_CARD.md",
    "canvasgen/models/embedded/tiny/MODEL_CARD.md",
    "canvasgen/training/tiny/run/README.md",
)
_ADDED = {page: f"repository/{page.replace('README', 'readme')}" for page in PAGES}
_SOURCES = {added: page for page, added in _ADDED.items()}


def on_files(files: Any, config: Any) -> Any:
    """Add the pages; those that another page links to are enough, so they stand in no menu."""
    root = Path(config.config_file_path).parent
    for page, added in _ADDED.items():
        files.append(File.generated(config, added, content=(root / page).read_text(encoding="utf-8")))
    for script in sorted((root / "examples").glob("*.py")):
        code = script.read_text(encoding="utf-8")
        files.append(
            File.generated(config, _of_script(f"examples/{script.name}"), content=_script(script.stem, code))
        )
    return files


def _of_script(path: str) -> str:
    return f"repository/{path.removesuffix('.py')}.md"


def _script(name: str, code: str) -> str:
    """Return the page of an example: its name, and all of it."""
    return f"# {name.replace('_', ' ').capitalize()}\n\n```python\n{code}```\n"


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Return the page with links that lead where its files stand on the site."""
    here = page.file.src_uri
    source = _SOURCES.get(here, f"docs/{here}")
    parts: list[str] = []
    end = 0
    for code in CODE.finditer(markdown):
        parts += [_linked(markdown[end : code.start()], source, here), code.group()]
        end = code.end()
    return "".join([*parts, _linked(markdown[end:], source, here)])


def _linked(text: str, source: str, here: str) -> str:
    return LINK.sub(lambda link: _link(link, source, here), text)


def _link(link: re.Match[str], source: str, here: str) -> str:
    path, sign, anchor = link["target"].partition("#")
    if not path or re.match(r"[a-z][a-z0-9+.-]*:", path):
        return link.group()
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if target.startswith("docs/"):
        there = target.removeprefix("docs/")
    elif target in _ADDED:
        there = _ADDED[target]
    elif re.fullmatch(r"examples/\w+\.py", target):
        there = _of_script(target)
    elif target == "README.md":
        there = "index.md"
    else:
        return f"{link['text']} (`{target}`)"
    relative = posixpath.relpath(there, posixpath.dirname(here) or ".")
    return f"{link['image']}[{link['text']}]({relative}{sign}{anchor})"

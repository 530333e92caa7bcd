"""Every link of the documentation leads somewhere, and versions agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
OURS = (
    "*.md",
    ".github/*.md",
    *(f"{folder}/**/*.md" for folder in ("benchmarks", "canvasgen", "docs", "examples", "tests")),
)
PAGES = sorted(page for pattern in OURS for page in ROOT.glob(pattern))


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page; the second of two equal ones ends in `-1`."""
    found: set[str] = set()
    for title in re.findall(r"^#+ +(.*?) *$", re.sub(r"^```.*?^```", "", page, flags=re.M | re.S), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        base = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        anchor = next(one for n in range(1000) if (one := f"{base}-{n}" if n else base) not in found)
        found.add(anchor)
    return found


def broken_links(page: Path) -> list[str]:
    """The relative links of a page, in text and not in code, that lead to no file, folder or heading."""
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    broken: list[str] = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`, [three](page.md)\n# Same\n# Same\n"
        "[a](page.md) [b](#one-two-three) [c](#same-1) [d](https://example.org/x) `[e](no.md)`\n"
        "[f](no.md) [g](#same-2) [h](page.md#no)\n"
        "```\n# no heading\n[i](no.md)\n```\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["no.md", "#same-2", "page.md#no"]


def test_the_changelog_has_the_version() -> None:
    import canvasgen

    titles = re.findall(
        r"^## \[(.+?)\](?: - (\S+))?$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M
    )
    assert titles[0] == ("Unreleased", "")
    assert titles[1][0] == canvasgen.__version__
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for _, date in titles[1:])

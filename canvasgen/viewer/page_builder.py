"""A page from traces: scripts, styles and data in one file.

The traces are JSON in zlib's format in base64, so no text of theirs is ever read as markup; the scripts put every text into
the page as text. A content security policy lets only the page's own script run, and nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import html
import zlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

__all__ = ["page_of", "script_of", "styles_of"]

SCRIPTS = ("decode.js", "canvas.js", "structure.js", "curves.js", "compare.js", "main.js")
VENDORED = ("uPlot.iife.min.js", "diff.min.js")

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; {policy}">
<title>{title}</title>
<style>{styles}</style>
</head>
<body>
<header><h1>{title}</h1></header>
<main id="page"><p>The page is drawn by its script.</p></main>
{below}
<noscript><p>Without JavaScript there are the results alone:</p>{results}</noscript>
<script type="application/octet-stream" id="traces">{data}</script>
<script>{script}</script>
</body>
</html>
"""


@lru_cache(maxsize=4)
def script_of(folder: str, names: tuple[str, ...], vendored: tuple[str, ...]) -> tuple[str, str]:
    """Return a page's script, its parts in one scope, and its digest for the content security policy.

    Args:
        folder: of the parts, in this package.
        names: the parts, in order.
        vendored: libraries, before them.
    """
    root = files("canvasgen.viewer")
    libraries = [root.joinpath("vendored", name).read_text(encoding="utf-8") for name in vendored]
    own = [root.joinpath(folder, name).read_text(encoding="utf-8") for name in names]
    script = "\n".join([*libraries, '(() => {\n"use strict";', *own, "})();"])
    return script, base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()


@lru_cache(maxsize=4)
def styles_of(*paths: str) -> str:
    """Return the styles of some files in this package."""
    root = files("canvasgen.viewer")
    return "\n".join(root.joinpath(*path.split("/")).read_text(encoding="utf-8") for path in paths)


def page_of(
    documents: Sequence[str],
    *,
    title: str | None = None,
    results: Sequence[str] = (),
    below: str = "",
) -> str:
    """Return a page of HTML that shows some traces side by side.

    Args:
        documents: the JSON of each trace.
        title: of the page.
        results: the text of each, for browsers without JavaScript.
        below: HTML that stands below, such as the sources of values.
    """
    data = zlib.compress(f"[{','.join(documents)}]".encode(), 9)
    script, digest = script_of("page", SCRIPTS, VENDORED)
    shown = "".join(f"<pre>{html.escape(text)}</pre>" for text in results)
    return _PAGE.format(
        policy=f"script-src 'sha256-{digest}'",
        title=html.escape(title or "canvasgen: how the text formed"),
        styles=styles_of("vendored/uPlot.min.css", "page/viewer.css"),
        results=shown,
        below=f'<section aria-label="Sources"><h2>Sources</h2>{below}</section>' if below else "",
        data=base64.b64encode(data).decode(),
        script=script,
    )

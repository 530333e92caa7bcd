"""The page at `/` of a server: ask, with a constraint, and see the canvas form.

It speaks to the server that it comes from and to nothing else: `v1/models`, and `v1/chat/completions` as a stream of
server-sent events in OpenAI's form, whose chunks have drafts as `delta["x-diffusion-draft"]` (`text`, `block`, `step`), and
the last one `canvasgen` with `outcome`, `steps`, `log_prob`, `value` and `probabilities`. Errors are OpenAI's, with a JSON
path in `param`.
"""

from __future__ import annotations

from functools import lru_cache

from canvasgen.viewer.page_builder import script_of, styles_of

__all__ = ["playground_page"]

_SCRIPTS = ("model.js", "events.js", "screen.js")
_VENDORED = ("diff.min.js",)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'; \
connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'">
<title>canvasgen playground</title>
<link rel="icon" href="data:,">
<style>{styles}</style>
</head>
<body>
<header><h1>canvasgen playground</h1></header>
<main id="page"><p>The page is drawn by its script.</p></main>
<noscript><p>The playground needs JavaScript; the server answers OpenAI's clients without it.</p></noscript>
<script>{script}</script>
</body>
</html>
"""


@lru_cache(maxsize=1)
def playground_page() -> str:
    """Return the page, HTML in one file."""
    script, digest = script_of("playground", _SCRIPTS, _VENDORED)
    return _PAGE.format(digest=digest, styles=styles_of("playground/playground.css"), script=script)

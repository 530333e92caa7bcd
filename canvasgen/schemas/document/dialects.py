"""The drafts of JSON Schema, and what a meta-schema says of the schemas that it is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urldefrag

from referencing.exceptions import Unresolvable, Unretrievable

from canvasgen.errors import InvalidConstraint, UnsupportedConstraint
from canvasgen.schemas.document.keywords import VOCABULARIES, ignorable
from canvasgen.schemas.document.plain import Json, json_path

__all__ = ["DRAFTS", "Dialect", "dialect"]


DRAFTS = {
    2020: "https://json-schema.org/draft/2020-12/schema",
    2019: "https://json-schema.org/draft/2019-09/schema",
    7: "http://json-schema.org/draft-07/schema",
    6: "http://json-schema.org/draft-06/schema",
    4: "http://json-schema.org/draft-04/schema",
}
"""The meta-schema of each draft."""
_BY_URL = {url: draft for draft, url in DRAFTS.items()} | {"http://json-schema.org/schema": 2020}


class Dialect(NamedTuple):
    """What a meta-schema says of a schema.

    Attributes:
        draft: 4, 6, 7, 2019 or 2020.
        without: keywords that have no effect, because the meta-schema leaves out their vocabulary.
    """

    draft: int
    without: frozenset[str] = frozenset()


def _draft_of(url: str) -> int | None:
    """Return the draft of a meta-schema; None if no draft has it."""
    return _BY_URL.get(url.strip().rstrip("#"))


def dialect(declared: str, path: str, retrieve: Callable[[str], Any]) -> Dialect:
    """Return the dialect of the meta-schema at a URI.

    Args:
        declared: the URI, as `$schema` has it.
        path: of the schema that has it.
        retrieve: gives what a `referencing.Registry` has at a URI.

    Raises:
        UnsupportedConstraint: it is not known, or demands a vocabulary that is not.
        InvalidConstraint: its `$vocabulary` is malformed.
    """
    where = json_path(path, "$schema")
    draft = _draft_of(declared)
    seen: set[str] = set()
    without: frozenset[str] = frozenset()
    here = declared
    while draft is None:
        try:
            meta: Json = retrieve(urldefrag(here)[0]).value.contents
        except (Unresolvable, Unretrievable, KeyError):
            meta = None
        above = meta.get("$schema") if isinstance(meta, dict) else None
        if not isinstance(meta, dict) or here in seen or not isinstance(above, str):
            raise UnsupportedConstraint(
                "the draft is not known",
                path=where,
                rule="$schema",
                value=declared,
                remedy="use draft 4, 6, 7, 2019-09 or 2020-12, or pass the meta-schema in the registry",
            )
        seen.add(here)
        if "$vocabulary" in meta:
            without |= _ignored_keywords(meta["$vocabulary"], where)
        here = above
        draft = _draft_of(here)
    return Dialect(draft, without)


def _ignored_keywords(vocabulary: Json, path: str) -> frozenset[str]:
    """Return the keywords that have no effect under a `$vocabulary`.

    Raises:
        InvalidConstraint: it is no object of booleans.
        UnsupportedConstraint: it demands a vocabulary that is not known.
    """
    if not isinstance(vocabulary, dict) or not all(
        isinstance(needed, bool) for needed in vocabulary.values()
    ):
        raise InvalidConstraint(
            "`$vocabulary` is an object of booleans", path=path, rule="$vocabulary", value=vocabulary
        )
    for name, needed in vocabulary.items():
        if needed and name not in VOCABULARIES:
            raise UnsupportedConstraint(
                "the meta-schema demands a vocabulary that is not known",
                path=path,
                rule="$vocabulary",
                value=name,
            )
    return ignorable(vocabulary)

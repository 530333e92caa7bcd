"""The drafts of JSON Schema, and what a meta-schema says of the schemas that it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urldefrag

from referencing.exceptions import Unresolvable, Unretrievable

from canvasgen.errors import InvalidConstraint, UnsupportedConstraint
from canvasgen.schemas.document.keywords import VOCABULARIES, ignorable
from canvasgen.schemas.document.plain import Json, json_path

__all__ = ["DRAFTS", "Dialect", "dialect", "draft_of"]


DRAFTS = {
    2020: "https://json-schema.org/draft/2020-12/schema",
    2019: "https://json-schema.org/draft/2019-09/schema",
    7: "http://json-schema.org/draft-07/schema",
    6: "http://json-schema.org/draft-06/schema",
    4: "http://json-schema.org/draft-04/schema",
}
"""The meta-schema of each draft."""
_BY_ADDRESS = {url.partition("://")[2]: draft for draft, url in DRAFTS.items()} | {
    "json-schema.org/schema": 2020,
    "json-schema.org/draft-05/schema": 4,  # a new text of draft 4, whose meta-schema it kept
}
_OPENAPI = re.compile(r"spec\.openapis\.org/oas/3\.([0-9]+)/.*")
_REMEDIES = {
    "spec.openapis.org/oas/3.0": "OpenAPI 3.0 has a schema language of its own: convert it to 3.1 (`nullable` becomes "
    '"type": [..., "null"], a boolean exclusive bound a number)',
    "json-schema.org/draft-03": "convert it to draft 4: `required` lists names in the object, `divisibleBy` is "
    "`multipleOf`, `extends` is `allOf`, `disallow` is `not`",
}
_REMEDY = "use draft 4, 6, 7, 2019-09 or 2020-12, or pass the meta-schema in the registry"


class Dialect(NamedTuple):
    """What a meta-schema says of a schema.

    Attributes:
        draft: 4, 6, 7, 2019 or 2020.
        without: keywords that have no effect, because the meta-schema leaves out their vocabulary.
    """

    draft: int
    without: frozenset[str] = frozenset()


def draft_of(url: str) -> int | None:
    """Return the draft of a meta-schema, at http or https, OpenAPI's from 3.1 on included; None if no draft has it."""
    address = _address(url)
    openapi = _OPENAPI.fullmatch(address)
    if openapi is not None:
        return 2020 if int(openapi.group(1)) >= 1 else None
    return _BY_ADDRESS.get(address)


def _address(url: str) -> str:
    scheme, _, rest = url.strip().partition("://")
    return rest.rstrip("#").rstrip("/") if scheme.lower() in ("http", "https") else url


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
    draft = draft_of(declared)
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
                remedy=next(
                    (remedy for start, remedy in _REMEDIES.items() if _address(declared).startswith(start)),
                    _REMEDY,
                ),
            )
        seen.add(here)
        if "$vocabulary" in meta:
            without |= _ignored_keywords(meta["$vocabulary"], where)
        here = above
        draft = draft_of(here)
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
            "`$vocabulary` is an object of booleans",
            path=path,
            rule="$vocabulary",
            value=vocabulary,
            remedy='write {"https://…/vocab/validation": true}',
        )
    for name, needed in vocabulary.items():
        if needed and name not in VOCABULARIES:
            raise UnsupportedConstraint(
                "the meta-schema demands a vocabulary that is not known",
                path=path,
                rule="$vocabulary",
                value=name,
                remedy="use a standard dialect, or make the vocabulary optional (false)",
            )
    return ignorable(vocabulary)

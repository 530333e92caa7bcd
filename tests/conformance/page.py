"""docs/json-schema.md, written from the baselines and the table of keywords below."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import baseline
from suite import DRAFTS, INVALID, SECTIONS

import canvasgen as cg

PAGE = Path(__file__).parents[2] / "docs" / "json-schema.md"
SHOWN = 3
"""Most cases that are named for one file of the suite and one outcome; the rest is counted."""

# Keywords, the drafts that have them, how they are enforced, and what there is to know.
A, V, AV, N = (
    "automaton",
    "validator at commit",
    "automaton, the rest by the validator at commit",
    "annotation",
)
KEYWORDS: tuple[tuple[str, str, str, str], ...] = (
    ("`type`, `enum`, `const`", "all (`const` from 6)", A, ""),
    ("`properties`, `required`", "all", A, "keys are generated in the schema's order"),
    ("`additionalProperties`, `patternProperties`, `propertyNames`", "all (`propertyNames` from 6)", AV,
     "undeclared keys are generated after the declared ones and read anywhere"),
    ("`minProperties`, `maxProperties`", "all", AV, ""),
    ("`dependencies`", "4 to 7 (read in later drafts too)", AV, ""),
    ("`dependentRequired`, `dependentSchemas`", "from 2019-09", AV, ""),
    ("`unevaluatedProperties`, `unevaluatedItems`", "from 2019-09", AV, ""),
    ("`items`, `additionalItems`, `prefixItems`", "all (each draft's own meaning)", A, ""),
    ("`minItems`, `maxItems`", "all", A, ""),
    ("`contains`, `minContains`, `maxContains`", "from 6 (the counts from 2019-09)", AV, ""),
    ("`uniqueItems`", "all", V, "finite sets of items that are small are listed by the automaton"),
    ("`minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`", "all (booleans in 4)", A, ""),
    ("`multipleOf`", "all", AV, "by the automaton where the step is small"),
    ("`minLength`, `maxLength`, `pattern`", "all", A, "characters are code points; `pattern` is searched for"),
    ("`format`", "all", AV, "always asserted; a format that no draft knows is an annotation"),
    ("`contentEncoding`, `contentMediaType`", "7", A, "`base64` and `application/json`; annotations in later drafts"),
    ("`contentSchema`", "from 2019-09", N, ""),
    ("`allOf`, `anyOf`", "all", A, ""),
    ("`oneOf`, `not`, `if`/`then`/`else`", "all (`if` from 7)", AV, "complements without a shape are over-approximations"),
    ("`$ref`, `$id` (`id`), `$anchor`, `$defs`, `definitions`", "all", A, "never over the network"),
    ("`$dynamicRef`, `$dynamicAnchor`", "2020-12", A, ""),
    ("`$recursiveRef`, `$recursiveAnchor`", "2019-09", A, ""),
    ("`$schema`, `$vocabulary`", "all", "choose the draft", "2020-12 where none is named"),
    ("`title`, `description`, `default`, `examples`, `deprecated`, `readOnly`, `writeOnly`, `$comment`", "all", N,
     ""),
    ("any other keyword", "", N, "`explain()` names it"),
)  # fmt: skip

# Schemas that show whether a row's keywords are taken at all; where they are not, the row says so.
PROBES: dict[str, dict[str, Any]] = {
    "`$dynamicRef`": {"$dynamicAnchor": "a", "type": "array", "items": {"$dynamicRef": "#a"}},
    "`$recursiveRef`": {
        "$schema": DRAFTS["draft2019-09"],
        "$recursiveAnchor": True,
        "type": "array",
        "items": {"$recursiveRef": "#"},
    },
}

HEAD = """\
# JSON Schema: what is enforced, and how

Written by `python benchmarks/conformance.py --docs` from `tests/conformance/baselines`; do not edit.

A schema defines two languages.

- A text is *accepted* (`matches`, and every text that is returned) if it is a JSON text (RFC 8259) of a valid value, in any
  spelling (escapes, whitespace, CRLF, numbers) and any order of the keys. A recogniser over the schema's normal form and an
  independent validator must both take it. Refused whatever the schema: a key that occurs twice in an object, a lone
  surrogate (`"\\ud800"`), a number that no double holds (`1e400`) or of more than 1,000 characters, nesting beyond 64
  levels. Numbers are read exactly: `0.30000000000000001` is no multiple of 0.1.
- A text can be *generated* if the byte automaton takes it, which is a subset: keys in the schema's order (or any, with
  `property_order="any"`; or that of the model's first drafts, with `"model"`), one spelling for each string, little
  whitespace (what models write, with `whitespace="model"`), bounded depth. What the automaton leaves out, and
  what is left to the validator at commit, `constraint.explain()` says for each schema.

`whitespace`, `property_order` and `max_depth` concern what is generated only. With `fence="allow"` a text may stand in a
code fence, with any whitespace around it; with `"require"` it must. In a longer text (`+`, `repeat`, a hole of a
template), the JSON part may be any text that matches on its own, whitespace around it included; a `%json` part of a grammar
and a cell of a table are read in the spellings that are generated. `~json_schema(s)` accepts every text that
`json_schema(s)` refuses, and generates none that it accepts in any spelling: `~json_schema({"const": "rm"})` excludes
`"\\u0072m"`, too.

A schema that is not taken is refused with an error that names the path and the keyword; no keyword is dropped.

## Keywords

"automaton": enforced while generating. "validator at commit": a canvas that breaks it is refused, and the next
most probable is tried. "annotation": has no effect on what is valid.
"""


def render() -> str:
    """The whole page."""
    found = {draft: baseline.load(draft) for draft in baseline.drafts()}
    parts = [
        HEAD,
        table(("keywords", "drafts", "enforced by", ""), keywords()),
        figures(found),
        departures(found),
    ]
    if baseline.BENCH.exists():
        parts.append(bench(json.loads(baseline.BENCH.read_text(encoding="utf-8"))))
    return "\n".join(parts)


def keywords() -> list[tuple[str, str, str, str]]:
    """The table of keywords; the rows of `PROBES` as they are now."""
    rows: list[tuple[str, str, str, str]] = []
    for names, drafts, enforced, remark in KEYWORDS:
        probe = PROBES.get(names.partition(",")[0])
        if probe is not None:
            try:
                cg.json_schema(probe)
            except cg.errors.UnsupportedConstraint:
                enforced = "refused"
        rows.append((names, drafts, enforced, remark))
    return rows


def table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def figures(found: dict[str, Any]) -> str:
    rows: list[tuple[Any, ...]] = []
    for draft, sections in found.items():
        for section in SECTIONS:
            total, outcomes = sections[section]["total"], Counter(sections[section]["wrong"].values())
            wrong = sum(outcomes.values())
            invalid = outcomes.pop(INVALID, 0)
            refused = outcomes.pop("valid refused", 0)
            share = f"{(total - wrong) / total:.1%}" if total else ""
            errors = ", ".join(f"{error} {count}" for error, count in sorted(outcomes.items())) or "none"
            rows.append((f"{draft} {section}", total, total - wrong, share, refused, invalid, errors))
    head = ("draft, section", "cases", "right", "", "valid refused", "invalid accepted", "schema refused")
    text = """
## The official suite

Every case of the JSON-Schema-Test-Suite for the drafts in `tests/conformance`, on the text that Python's `json.dumps`
writes. A refused schema counts as not right in all its cases. Formats are asserted, so in 2020-12 the required cases in
which a format is but an annotation are refused; that is meant.

"""
    return text + table(head, rows)


def departures(found: dict[str, Any]) -> str:
    """What is not right, by file of the suite and outcome, with the cases that show it."""
    lines = ["\n## Departures\n\nBy file of the suite; the whole list is in `tests/conformance/baselines`.\n"]
    for draft, sections in found.items():
        for section in SECTIONS:
            kinds: dict[tuple[str, str], list[str]] = {}
            for name, said in sections[section]["wrong"].items():
                file, _, case = name.partition(" / ")
                kinds.setdefault((file, said), []).append(case)
            if not kinds:
                continue
            lines.append(f"\n### {draft}, {section}\n\n")
            for (file, said), cases in sorted(kinds.items()):
                more = f"; and {len(cases) - SHOWN} more" if len(cases) > SHOWN else ""
                shown = "; ".join(f"“{case}”" for case in cases[:SHOWN])
                lines.append(f"- `{file}`, {said} ({len(cases)}): {shown}{more}\n")
    return "".join(lines) if len(lines) > 1 else lines[0] + "\nNone.\n"


def bench(content: dict[str, Any]) -> str:
    total, instances = content["schemas"], content["valid_instances"]
    failures = ", ".join(f"{said} {count}" for said, count in content["not_passing"].items()) or "none"
    rows = [
        (
            "schemas",
            f"{total}, a random sample of {content['sample_of']}" if "sample_of" in content else total,
        ),
        ("pass", f"{content['pass']} ({content['pass'] / total:.2%})"),
        ("of these refused as unsatisfiable, without a valid instance in the data", content["unsatisfiable"]),
        ("do not pass", failures),
        ("invalid accepted", content["not_passing"].get(INVALID, 0)),
        ("valid instances accepted", f"{content['accepted']} of {instances}"),
        ("valid instances that can be generated", f"{content['generated']} of {instances}"),
        *((name, f"{value:,}") for name, value in content["costs"].items()),
    ]
    text = """
## JSONSchemaBench

Schemas from the wild with their valid and invalid instances. A schema passes if it compiles within 10 s and 2 GB, all its
valid instances match and no invalid one does. Times are CPU time of one process.

"""
    return text + table(("", "canvasgen"), rows)

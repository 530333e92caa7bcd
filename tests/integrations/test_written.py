"""Requests as JSON."""

from __future__ import annotations

import contextlib
import json

import pytest

import canvasgen as cg
from canvasgen.errors import CanvasgenError, InvalidConstraint, UnknownOption, UnsupportedConstraint
from canvasgen.request.written import read_request
from canvasgen.request.written_relations import RELATIONS

NAME = {"regex": "[A-Z][a-z]+"}


def matches(written, text: str) -> bool:
    return read_request(written).resolve().matches(text)


def test_plain_keys_are_the_requests():
    written = {
        "schema": {"type": "integer"},
        "seed": 3,
        "temperature": 0.5,
        "max_denoising_steps": 4,
        "quality": 0.2,
    }
    assert read_request(json.dumps(written)) == cg.Request("", **written)
    assert read_request({}).resolve() is None


@pytest.mark.parametrize(
    ("written", "good", "bad"),
    [
        ({"template": "A {x}."}, "A bc.", "B bc."),
        ({"template": {"text": "{a}, {a}", "holes": {"a": NAME}}}, "Ann, Ann", "Ann, Bob"),
        ({"infill": {"prefix": "f(", "suffix": ")", "constraint": {"regex": "[0-9]+"}}}, "f(12)", "f(x)"),
        ({"edit": {"text": "in Rome", "span": "Rome", "constraint": {"choice": ["Oslo"]}}}, "in Oslo", "in Rome"),
        ({"edit": {"text": "ab", "span": [1, 2]}}, "axy", "xb"),
        ({"regex": "[a-z]+", "contains": ["ab", "cd"], "excludes": ["x"]}, "abcd", "abcdx"),
        ({"excludes": "x"}, "y", "x"),
        ({"schema": {"type": "integer"}, "excludes": "7"}, "68", "67"),
        ({"near": {"text": "ab", "position": 2}}, "ab", "b"),
        ({"sudoku": "123434124321214."}, "1234\n3412\n4321\n2143", "1234\n3412\n4321\n2144"),
        (
            {"table": {"rows": 1, "columns": 2, "cells": [1, 2], "layout": "csv",
                       "relations": [["total", [[0, 0], [0, 1]], "==", 3], ["ordered", [[0, 0], [0, 1]], "<"]]}},
            "1,2",
            "2,1",
        ),
        (
            {"table": {"rows": 1, "columns": 2, "cells": [1, 2], "layout": "csv",
                       "relations": [["allowed", [[0, 0], [0, 1]], [[2, 1]]]]}},
            "2,1",
            "1,2",
        ),
    ],
    ids=["template", "holes", "infill", "edit", "edit by place", "words", "excludes", "schema and words", "near",
         "sudoku", "table", "tuples"],
)  # fmt: skip
def test_constraints(written, good, bad):
    assert matches(written, good)
    assert not matches(written, bad)


CALL = {
    "begin": '<call>{"name": "f", "arguments": ',
    "content": {"type": "json_schema", "json_schema": {"type": "integer"}},
    "end": "}</call>",
}
TAGS = {
    "calls": {"type": "tags_with_separator", "tags": [CALL], "separator": ",", "at_least_one": True},
    "free": {"type": "triggered_tags", "triggers": ["<call>"], "tags": [CALL]},
    "one": {"type": "triggered_tags", "triggers": ["<call>"], "tags": [CALL], "stop_after_first": True},
    "first": {"type": "triggered_tags", "triggers": ["<call>"], "tags": [CALL], "at_least_one": True},
    "thought": {
        "type": "sequence",
        "elements": [
            {"type": "tag", "begin": "<t>", "content": {"type": "any_text"}, "end": "</t>"},
            {
                "type": "or",
                "elements": [{"type": "const_string", "value": "ok"}, {"type": "regex", "pattern": "n+"}],
            },
            {"type": "optional", "content": {"type": "const_string", "value": "!"}},
        ],
    },
    "counted": {
        "type": "repeat",
        "min": 2,
        "max": 3,
        "content": {"type": "grammar", "grammar": 'start: "ab"'},
    },
}
ONE = '<call>{"name": "f", "arguments": 7}</call>'


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("calls", [ONE, f"{ONE},{ONE}"], ["", f"{ONE}{ONE}", f"x{ONE}"]),
        ("free", ["", "text", f"a {ONE} b", f"{ONE}{ONE}"], ["<call>", "a <call> b"]),
        ("one", ["text", f"a {ONE}"], [f"a {ONE} b", f"{ONE}{ONE}"]),
        ("first", [ONE, f"a {ONE} b {ONE}"], ["", "text", "<call>"]),
        ("thought", ["<t>hm</t>ok", "<t></t>nn!"], ["ok", "<t>hm</t></t>ok"]),
        ("counted", ["abab", "ababab"], ["ab", "abababab"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_structural_tags(name, good, bad):
    made = read_request(
        {"structural_tag": json.dumps({"type": "structural_tag", "format": TAGS[name]})}
    ).resolve()
    assert [text for text in good if not made.automaton.accepts(text.encode())] == []
    assert [text for text in bad if made.automaton.accepts(text.encode())] == []


@pytest.mark.parametrize(
    ("tag", "kind", "path"),
    [
        ({}, InvalidConstraint, "$.structural_tag"),
        ({"format": {"type": "token", "token": 3}}, UnsupportedConstraint, "$.structural_tag.format.type"),
        ({"format": {"type": "or", "elements": [{"type": "regex"}]}}, InvalidConstraint,
         "$.structural_tag.format.elements[0].pattern"),
        ({"format": {"type": "sequence", "elements": []}}, InvalidConstraint, "$.structural_tag.format.elements"),
        ({"format": {"type": "json_schema", "style": "qwen_xml", "json_schema": {}}}, UnsupportedConstraint,
         "$.structural_tag.format.style"),
    ],
    ids=["none", "token", "pattern", "empty", "style"],
)  # fmt: skip
def test_wrong_structural_tags_are_named(tag, kind, path):
    with pytest.raises(kind) as raised:
        read_request({"structural_tag": tag})
    assert raised.value.path == path


def test_thoughts_come_first():
    made = read_request({"think": "</t>", "choice": ["yes", "no"]}).resolve()
    assert made.matches("hm hm</t>yes")
    assert not made.matches("yes")
    assert made.parse("hm</t>no") == "no"


def test_fixed_positions_are_numbers_in_strings():
    made = read_request({"regex": "[a-z]{3}", "fixed": {"1": "b"}, "seed": 1})
    vocabulary = cg.Vocabulary([None, b"a", b"b", b"c"], end_ids=[0])
    compiled = made.resolve().compile(vocabulary)
    assert compiled.accepts([1, 2, 3])
    assert not compiled.accepts([1, 3, 3])
    assert made.seed == 1


@pytest.mark.parametrize(
    ("written", "kind", "path"),
    [
        ("{", InvalidConstraint, "$"),
        ("[]", InvalidConstraint, "$"),
        (3, InvalidConstraint, "$"),
        ({"regexp": "a"}, UnknownOption, "$.regexp"),
        ({"regex": "a", "choice": ["a"]}, InvalidConstraint, "$.choice"),
        ({"grounded": 3, "schema": {}}, InvalidConstraint, "$.grounded"),
        ({"template": {"holes": {}}}, InvalidConstraint, "$.template"),
        (
            {"template": {"text": "{a}", "holes": {"a": {"regexp": ""}}}},
            UnknownOption,
            "$.template.holes.a.regexp",
        ),
        ({"template": {"text": "{a}", "holes": {"a": 3}}}, InvalidConstraint, "$.template.holes.a"),
        ({"edit": {"text": "ab", "span": "b", "strenght": 1}}, UnknownOption, "$.edit.strenght"),
        ({"fixed": {"x": "b"}}, InvalidConstraint, "$.fixed.x"),
        ({"contains": []}, InvalidConstraint, "$.contains"),
        ({"contains": 3}, InvalidConstraint, "$.contains"),
        ({"sudoku": 3}, InvalidConstraint, "$.sudoku"),
        (
            {"table": {"rows": 1, "columns": 1, "relations": [["check"]]}},
            InvalidConstraint,
            "$.table.relations[0]",
        ),
        (
            {"table": {"rows": 1, "columns": 1, "relations": [["equal"]]}},
            InvalidConstraint,
            "$.table.relations[0]",
        ),
        ({"table": {"rows": 1, "columns": 1, "relations": 3}}, InvalidConstraint, "$.table.relations"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_wrong_keys_are_named(written, kind, path):
    with pytest.raises(kind) as raised:
        read_request(written)
    assert raised.value.path == path


@pytest.mark.parametrize("value", [None, True, 3, "x", [], [3], {}, {"x": 1}, [[1]]], ids=repr)
@pytest.mark.parametrize(
    "key", ["schema", "regex", "grammar", "choice", "template", "edit", "infill", "sudoku", "table", "fixed", "near",
            "contains", "excludes", "seed", "temperature", "quality", "whitespace", "fence", "grounded"]
)  # fmt: skip
def test_any_json_is_read_or_refused_by_an_error_of_ours(key, value):
    with contextlib.suppress(CanvasgenError):
        made = read_request({key: value}).resolve()
        assert made is None or isinstance(made, cg.Constraint)


def test_relations_exist():
    assert all(callable(getattr(cg.relations, name)) for name in RELATIONS)

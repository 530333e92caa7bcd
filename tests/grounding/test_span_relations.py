"""Relations between the places of values: against the enumeration of all places, and of all canvases."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.automata import to_dfa
from canvasgen.constraints.compiled.span_belief import SpanBelief
from canvasgen.errors import (
    InvalidConstraint,
    TimeLimit,
    Unsatisfiable,
    UnsupportedConstraint,
    ValidationFailed,
)
from canvasgen.grounding import Sources, Span, span_relations
from canvasgen.grounding.span_relations import (
    EVERY,
    FieldPath,
    SpanRelation,
    places_for,
    sentences_of,
)
from canvasgen.tokens import Budget, Prefix
from canvasgen.vocabulary import Vocabulary
from tests.grounding.test_spans import language

KINDS = [cg.spans.disjoint, cg.spans.distinct, cg.spans.ordered, cg.spans.same_sentence]
FIELDS = ("a", "b", "c")
SOURCES = ["x y. X x", "x y\ny 1 x", "x. X 1 y", "1 1 x"]
RELATIONS = st.lists(
    st.builds(
        lambda kind, fields: kind(*fields),
        st.sampled_from(KINDS),
        st.lists(st.sampled_from(FIELDS), min_size=2, max_size=3, unique=True),
    ),
    min_size=1,
    max_size=2,
)


def holds(relation: SpanRelation, places: Sequence[Span], texts: Sequence[str]) -> bool:
    """The definition, by hand, for the places of a relation's fields in its order."""
    sets = [{(place.source, at) for at in range(place.start, place.stop)} for place in places]
    if relation.kind == "disjoint":
        return all(not one & other for one, other in itertools.combinations(sets, 2))
    if relation.kind == "distinct":
        return len({(place.source, place.start, place.stop) for place in places}) == len(places)
    if relation.kind == "ordered":
        return all(max(one) < min(other) for one, other in itertools.pairwise(sets))
    return any(
        all(place.source == source and start <= place.start and place.stop <= stop for place in places)
        for source, text in enumerate(texts)
        for start, stop in sentences_of(text)
    )


def satisfiable(value: Any, relations: Sequence[SpanRelation], sources: Sources) -> bool:
    """Whether some places of the values satisfy all relations, by trying all."""
    fields = [field for field in FIELDS if isinstance(value.get(field), str)]
    choices = [sources.occurrences(value[field]) for field in fields]
    for places in itertools.product(*choices):
        at = dict(zip(fields, places, strict=True))
        if all(
            holds(
                relation,
                [at[str(path[0])] for path in relation.fields if str(path[0]) in at],
                sources.texts,
            )
            or not any(str(path[0]) in at for path in relation.fields)
            for relation in relations
        ):
            return True
    return False


def schema(*kinds: Any) -> Any:
    return {
        "type": "object",
        "properties": dict(zip(FIELDS, kinds, strict=False)),
        "required": list(FIELDS[: len(kinds)]),
        "additionalProperties": False,
    }


STRING, NULLABLE = {"type": "string"}, {"type": ["string", "null"]}


@settings(max_examples=25)
@given(
    RELATIONS,
    st.lists(st.sampled_from(SOURCES), min_size=1, max_size=2),
    st.lists(st.tuples(*[st.sampled_from(["x", "y", "x y", "1", None])] * 3), min_size=3, max_size=6),
)
def test_values_that_have_places(
    relations: list[SpanRelation], texts: list[str], values: list[tuple[Any, ...]]
) -> None:
    sources = Sources(texts, relations=relations)
    constraint = cg.json_schema(schema(NULLABLE, NULLABLE, NULLABLE), grounded=sources)
    for given_values in values:
        value = dict(zip(FIELDS, given_values, strict=True))
        spans = language(sources)
        stated = all(one is None or one in spans for one in given_values)
        wanted = stated and satisfiable(value, relations, sources)
        assert constraint.matches(json.dumps(value)) is wanted, value
        if wanted:
            places = dict(constraint.language.stated(json.dumps(value)))
            assert {field: place.text for field, place in places.items()} == {
                field: one for field, one in value.items() if one is not None
            }
            assert satisfiable(value, relations, sources)


TOKENS = (
    '{"a":"', '","b":"', '","c":"', '"}', "x", "y", "x y", " ", "1", "X", '{"a":"x","b":"y',
)  # fmt: skip
PIECES = Vocabulary([None, None, *(token.encode() for token in TOKENS)], end_ids=[0], pad_id=1)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(RELATIONS, st.sampled_from(SOURCES), st.integers(2, 3), st.integers(0, 2**32 - 1))
def test_the_best_canvases_in_order(relations: list[SpanRelation], text: str, count: int, seed: int) -> None:
    sources = Sources(text, relations=relations, max_length=3)
    free = cg.json_schema(schema(*[STRING] * count), "compact", grounded=Sources(text, max_length=3))
    named = {str(path[0]) for relation in relations for path in relation.fields}
    if not named <= set(FIELDS[:count]):
        with pytest.raises(InvalidConstraint):
            cg.json_schema(schema(*[STRING] * count), "compact", grounded=sources)
        return
    related = cg.json_schema(schema(*[STRING] * count), "compact", grounded=sources)
    compiled = related.compile(PIECES)
    rows = 2 * count + 3
    logits = torch.from_numpy(
        np.random.default_rng(seed).normal(0, 2, (rows, PIECES.size)).astype(np.float32)
    )
    posterior = compiled.condition(logits)
    valid: list[tuple[bytes, float]] = []
    for ids, log_prob in free.compile(PIECES).condition(logits).k_best():
        value = json.loads(PIECES.text_bytes(ids))
        if satisfiable(value, relations, sources):
            valid.append((PIECES.text_bytes(ids), log_prob))
    belief = compiled.believe(posterior, Prefix(), Budget(rows))
    assert isinstance(belief, SpanBelief)
    if not valid:
        with pytest.raises(Unsatisfiable):
            belief.finish()
        return
    belief.finish()
    found = list(itertools.islice(belief.candidates(), 12))
    weights = [posterior.log_prob(ids) for ids in found]
    assert weights == sorted(weights, reverse=True)
    assert (found[0] == belief.best).all()
    for ids, weight, (_, wanted) in zip(found, weights, valid, strict=False):
        assert satisfiable(json.loads(PIECES.text_bytes(ids)), relations, sources)
        assert weight == pytest.approx(wanted, abs=1e-4)
    assert len(found) == min(12, len(valid))


@given(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=2), st.booleans())
def test_occurrences_and_regions(texts: list[str], characters: bool) -> None:
    sources = Sources(texts, unit="character" if characters else "word")
    every = language(sources)
    for span in every:
        places = sources.occurrences(span)
        assert places
        assert all(texts[place.source][place.start : place.stop] == span for place in places)
    assert sources.occurrences("no") == sources.occurrences("") == []
    for start, stop in itertools.combinations(range(len(texts[0]) + 1), 2):
        inside = to_dfa(sources.within([(0, start, stop)]))
        for span in every:
            wanted = any(
                p.source == 0 and start <= p.start and p.stop <= stop for p in sources.occurrences(span)
            )
            assert inside.accepts(span.encode()) is wanted


SPANS = st.builds(
    lambda source, start, size: Span(start, start + size, "", source),
    st.integers(0, 1),
    st.integers(0, 4),
    st.integers(1, 2),
)


@given(RELATIONS, st.lists(st.lists(SPANS, max_size=3), min_size=3, max_size=3))
def test_the_search_for_places(relations: list[SpanRelation], choices: list[list[Span]]) -> None:
    texts = ["a b. C", "d e f"]
    paths: list[FieldPath] = [(field,) for field in FIELDS]
    pairs = [(relation, *pair) for relation in relations for pair in relation.pairs(relation.fields)]
    found = places_for(dict(zip(paths, choices, strict=True)), pairs, [sentences_of(text) for text in texts])
    possible = [
        places
        for places in itertools.product(*choices)
        if all(
            holds(relation, [places[paths.index(path)] for path in relation.fields], texts)
            for relation in relations
        )
    ]
    assert (found is None) is (not possible)
    if found is not None:
        assert tuple(found.values()) == possible[0]


def test_a_search_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(span_relations, "MOST_TRIES", 2000)
    places = [Span(at, at + 1, "") for at in range(60)]
    fields: dict[FieldPath, list[Span]] = {(f"f{n}",): places for n in range(62)}
    names = list(fields)
    relation = SpanRelation("disjoint", tuple(names))
    with pytest.raises(TimeLimit) as caught:
        places_for(fields, [(relation, *pair) for pair in relation.pairs(names)], [[(0, 60)]])
    assert caught.value.value == 2000


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Who met J. Bond on Jan. 3. He left.", ["Dr. Who met J. Bond on Jan. 3.", "He left."]),
        ('He said "go." Then e.g. nothing\nNew line', ['He said "go."', "Then e.g. nothing", "New line"]),
        ("It costs 2.50. ok", ["It costs 2.50. ok"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:stop] for start, stop in sentences_of(text)] == sentences


def test_items_and_readers() -> None:
    text = "Ann paid 3, Bob paid 5. Later Cas paid 3."
    whole = {
        "type": "array",
        "minItems": 2,
        "maxItems": 3,
        "items": {
            "type": "object",
            "properties": {"name": {"type": "string", "maxLength": 3}, "paid": {"type": "integer"}},
            "required": ["name", "paid"],
            "additionalProperties": False,
        },
    }
    relations = [cg.spans.distinct("[*].paid"), cg.spans.ordered("[*].name")]
    relations += [cg.spans.ordered(f"[{at}].name", f"[{at}].paid") for at in range(3)]
    constraint = cg.json_schema(whole, grounded=cg.Sources(text, relations=relations))
    good = [{"name": "Ann", "paid": 3}, {"name": "Bob", "paid": 3}, {"name": "Cas", "paid": 3}]
    assert not constraint.matches(json.dumps(good))  # 3 is written twice
    good[1]["paid"] = 5
    assert constraint.matches(json.dumps(good))
    places = dict(constraint.language.stated(json.dumps(good)))
    assert places["[2].paid"].start > places["[2].name"].start > places["[0].paid"].start
    assert not constraint.matches(json.dumps(good[::-1]))
    assert any(note.kind == "relations" for note in constraint.explain())


def test_a_generation() -> None:
    text = "customer Maria Gomez; product garden chair; quantity 12"
    person = schema(STRING, STRING)
    relations = [cg.spans.ordered("b", "a"), cg.spans.disjoint("a", "b")]
    done = cg.load().complete(text, schema=person, grounded=cg.Sources(text, relations=relations), seed=0)
    assert done.sources["b"].stop <= done.sources["a"].start
    with pytest.raises((Unsatisfiable, ValidationFailed)):
        cg.generate("Ann", schema=person, grounded=cg.Sources("Ann", relations=relations), seed=0)


@pytest.mark.parametrize(
    "fields",
    [("a",), ("a", "a"), ("a", 3), ("a", ""), ("a", ".b"), ("a", "b..c"), ("a", "b[x]"), ()],
    ids=range(8),
)
def test_wrong_fields(fields: tuple[Any, ...]) -> None:
    for kind in KINDS:
        with pytest.raises(InvalidConstraint):
            kind(*fields)


def test_paths() -> None:
    relation = cg.spans.ordered("a.b[0]['odd name'].c[*]")
    assert relation.fields == (("a", "b", 0, "odd name", "c", EVERY),)


def test_relations_of_what_is_not_there() -> None:
    for wrong in ("d", "a.b", "[0]"):
        with pytest.raises(InvalidConstraint) as caught:
            cg.json_schema(schema(STRING), grounded=cg.Sources("x", relations=[cg.spans.ordered("a", wrong)]))
        assert caught.value.remedy
    relation = cg.spans.ordered("a", "b")
    for options in ({"fence": "allow"}, {"property_order": "model"}):
        with pytest.raises(UnsupportedConstraint):
            cg.json_schema(
                schema(STRING, STRING), grounded=cg.Sources("x y", relations=[relation]), **options
            )
    for relations in (3, [3], cg.spans.ordered("a", "b"), "ab"):
        with pytest.raises(InvalidConstraint):
            cg.Sources("x", relations=relations)  # type: ignore[arg-type]

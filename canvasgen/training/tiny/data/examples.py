"""Synthetic examples: a text, a JSON Schema, and the value the text holds under it; deterministic by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from canvasgen.models.embedded.tiny.prompt_form import format_prompt, short_schema
from canvasgen.training.tiny.data import forms, jsontext, phrasing
from canvasgen.training.tiny.data.bare_copies import Bare, copied, label
from canvasgen.training.tiny.data.domains import DOMAINS
from canvasgen.training.tiny.data.lexicon import WORDS, Lexicon, pronounceable
from canvasgen.training.tiny.data.nesting import group_fields, object_list
from canvasgen.training.tiny.data.phrasing import Fact
from canvasgen.training.tiny.data.record_fields import Domain, Field
from canvasgen.training.tiny.data.record_tables import filled_table
from canvasgen.training.tiny.data.scene_forms import scene_edit, scene_gap, scene_letter, scene_table
from canvasgen.training.tiny.data.scene_objects import scene_object
from canvasgen.training.tiny.data.wide import any_letters, any_messages, any_objects, any_tables
from canvasgen.training.tiny.data.wide.coined import Coiner
from canvasgen.training.tiny.data.wide.judged import judged

Split = Literal["train", "test", "test_hard"]
LEVELS = 5
"""Levels of difficulty: 0 one or two fields, 1 up to three, 2 up to four, 3 up to six, 4 nested and lists."""
LETTERS, GAPS, TABLES = 5, 6, 7
"""Levels beside these: letters with holes, texts with a gap (`forms`), and tables (`record_tables`)."""
SCENES, COPIES, LABELS, SCENE_LETTERS, SCENE_GAPS, EDITS, ROWS, THOUGHTS = range(8, 16)
"""Levels from scenes: objects, values under a regular expression, labels, letters, gaps, edits, tables, and objects
behind a thought."""
ABSENT, SHORT, LONG, LISTED, WIDE_LETTERS, WIDE_GAPS, WIDE_EDITS, GRIDS, JUDGED, WIDE_THOUGHTS = range(16, 26)
"""Levels of wider data (`wide`): fields that are not stated, values alone, long texts, rows, letters, gaps, edits,
tables, labels that the text means, and JSON behind a thought."""
MESSAGES, TOLD_LISTS = range(26, 28)
"""Short messages with optional fields, and lists told in sentences."""
KINDS = TOLD_LISTS + 1
"""How many levels there are."""
FORMS = {
    LETTERS: forms.letter,
    GAPS: forms.gap,
    TABLES: filled_table,
    SCENE_LETTERS: scene_letter,
    SCENE_GAPS: scene_gap,
    EDITS: scene_edit,
    ROWS: scene_table,
}
"""The levels whose answer is a filled form."""
WIDE_FORMS = {
    WIDE_LETTERS: any_letters.letter,
    WIDE_GAPS: any_letters.gap,
    WIDE_EDITS: any_letters.edit,
    GRIDS: any_tables.grid,
}
WIDE_OBJECTS = {
    ABSENT: any_objects.absent,
    SHORT: any_objects.short,
    LONG: any_objects.long_text,
    LISTED: any_objects.rows,
    MESSAGES: any_messages.message,
    TOLD_LISTS: any_messages.listed,
}
"""The levels of wider data that are such forms, and those that are JSON alone."""
_THINKS = "</think>"
_MIX = (0.10, 0.15, 0.22, 0.33, 0.20)
_MOST_FIELDS = (2, 3, 4, 6, 5)
_MOST_DISTRACTORS = (0, 1, 2, 3, 2)


@dataclass(frozen=True)
class Example:
    """A prompt, the JSON Schema asked for or the form to fill, the value, its text, the kind of task.

    ``told`` is what the prompt says about the answer; None: the schema, if there is one. ``mark`` ends a thought before it.
    """

    prompt: str
    schema: dict[str, Any] | None
    value: Any
    text: str
    task: str
    instruction: str | None = None
    fields: int = 0
    spans: tuple[jsontext.Span, ...] = ()
    form: forms.Form | None = None
    bare: Bare | None = None
    told: str | None = None
    mark: str = ""

    @property
    def full_prompt(self) -> str:
        """All that the model reads: the prompt, and below it what is told of the answer, mostly its schema."""
        if self.told is None:
            return format_prompt(self.prompt, self.schema, self.instruction)
        return format_prompt(f"{self.prompt.strip()}\n{self.told}", None, self.instruction)


def examples(seed: int, split: Split = "train", level: int | None = None) -> Iterator[Example]:
    """Endless examples; the same arguments give the same examples.

    Args:
        seed: any integer; the splits never share a stream.
        split: ``train``, ``test`` (same words and phrasings, other texts) or ``test_hard`` (held-out words
            and phrasings).
        level: one level of difficulty, or None for the mixture of all that have a schema.
    """
    rng = random.Random(f"canvasgen-tiny/{split}/{seed}")
    while True:
        yield example(
            rng, split == "test_hard", rng.choices(range(LEVELS), _MIX)[0] if level is None else level
        )


def example(rng: random.Random, hard: bool, level: int) -> Example:
    """One example of a level."""
    if level >= ABSENT:
        return _wide(rng, Coiner(rng, hard), level)
    if level == COPIES and rng.random() < 0.4:
        return _bare(any_messages.copied(rng, Coiner(rng, hard)))
    lexicon = Lexicon(rng, hard)
    if level in FORMS:
        return _filled(FORMS[level](rng, lexicon))
    if level in (COPIES, LABELS):
        return _bare(copied(rng, lexicon) if level == COPIES else label(rng, lexicon))
    if level in (SCENES, THOUGHTS):
        made = _finish(rng, *scene_object(rng, lexicon), level)
        return _thought(made, rng) if level == THOUGHTS else made
    roll = rng.random()
    if level == 4 and roll < 0.35:
        text, schema, value, task = object_list(rng, lexicon)
        return _finish(rng, text, schema, value, task, level)
    if roll < (0.45, 0.25, 0.2, 0.16, 0.0)[level]:
        return _finish(rng, *_keyed(rng, lexicon, level), "keyed", level)
    return _record(rng, lexicon, level)


def _wide(rng: random.Random, coiner: Coiner, level: int) -> Example:
    """One example of a level of wider data."""
    if level in WIDE_FORMS:
        return _filled(WIDE_FORMS[level](rng, coiner))
    if level == JUDGED:
        return _bare(judged(rng, coiner))
    if level in WIDE_OBJECTS:
        return _finish(rng, *WIDE_OBJECTS[level](rng, coiner), level)
    (text, schema, value, _), before, is_told = any_objects.thought(rng, coiner)
    body, spans = jsontext.write(value)
    moved = tuple((start + len(before), stop + len(before), number) for start, stop, number in spans)
    mark = next(mark for mark in any_objects.MARKS if before.endswith(mark))
    form = short_schema(schema)
    told = f"{{}}{mark}{form if form.startswith('{') else '{}'}" if is_told else None
    return Example(
        text, schema, value, before + body, "thought, wide", None, len(spans), moved, told=told, mark=mark
    )


def _filled(form: forms.Form) -> Example:
    text, spans = form.filled()
    values = dict(piece for piece in form.pieces if not isinstance(piece, str))
    instruction = forms.GAP_ALONE if form.alone else None
    prompt = form.source.strip() + ("\n" + form.form if form.shown else "")
    return Example(prompt, None, values, text, form.task, instruction, len(spans), spans, form)


def _bare(bare: Bare) -> Example:
    prompt = bare.prompt if bare.told is None else f"{bare.prompt.strip()}\n{bare.told}"
    spans = ((0, len(bare.answer), 0),)
    return Example(prompt, None, bare.answer, bare.answer, bare.task, None, 1, spans, bare=bare)


def _thought(made: Example, rng: random.Random) -> Example:
    """The object behind a thought: some of its values, said before."""
    assert isinstance(made.value, (dict, list))
    facts = made.value.items() if isinstance(made.value, dict) else ()
    said = [
        f"{key} is {value}" for key, value in facts if isinstance(value, (str, int)) and rng.random() < 0.6
    ]
    thought = rng.choice([", ", ". ", "; "]).join(said) + rng.choice(["", "."]) + _THINKS
    spans = tuple((start + len(thought), stop + len(thought), number) for start, stop, number in made.spans)
    shown = f"{made.prompt.strip()}\n{{}}{_THINKS}" if rng.random() < 0.5 else made.prompt
    return replace(
        made, prompt=shown, text=thought + made.text, spans=spans, task="thought", instruction=None
    )


def _finish(
    rng: random.Random, text: str, schema: dict[str, Any], value: Any, task: str, level: int
) -> Example:
    style, instruction = "spaced", None
    roll = rng.random()
    if level >= 2 and roll < 0.06:
        style, instruction = ("compact", "Compact JSON.") if roll < 0.03 else ("indented", "Indented JSON.")
    elif roll > 0.94:
        instruction = rng.choice(
            [
                "Extract the fields.",
                "Fill in the form.",
                "Give JSON.",
                "Extract the data as JSON.",
                "Answer in JSON.",
            ]
        )
    body, spans = jsontext.write(value, style)
    return Example(text, schema, value, body, task, instruction, len(spans), tuple(spans))


def _keyed(rng: random.Random, lexicon: Lexicon, level: int) -> tuple[str, dict[str, Any], Any]:
    """Any keys with any values, stated as pairs: pure look-up."""
    count = rng.randint(1, _MOST_FIELDS[level])
    extra = rng.randint(0, _MOST_DISTRACTORS[level])
    keys = rng.sample(sorted(set(WORDS["KEYS"])), count + extra)
    if rng.random() < 0.2:
        keys = [pronounceable(rng) for _ in keys]
    facts: list[Fact] = []
    for key in dict.fromkeys(keys):
        kind = rng.choice(["phrase", "phrase", "word", "small", "number", "code", "name", "city", "weight"])
        facts.append(Fact(Field((key,), kind), key, lexicon.draw(kind)))
    asked = rng.sample(facts, min(count, len(facts)))
    if rng.random() < 0.5:
        asked.sort(key=facts.index)
    schema = object_schema({fact.key: value_schema(fact, rng) for fact in asked})
    return phrasing.pairs(facts, rng), schema, {fact.key: fact.value for fact in asked}


def _draw(field: Field, lexicon: Lexicon, rng: random.Random, level: int) -> Any:
    if field.kind == "bool":
        return rng.random() < 0.5
    if field.kind == "enum":
        return rng.choice(field.choices)
    if field.kind.startswith("["):
        kind = field.kind.strip("[]")
        return list(
            dict.fromkeys(
                lexicon.draw(kind) for _ in range(rng.choice([1, 2, 2, 3, 3, 4] if level > 3 else [2, 2, 3]))
            )
        )
    return lexicon.draw(field.kind)


def _record(rng: random.Random, lexicon: Lexicon, level: int) -> Example:
    domain = rng.choice(DOMAINS)
    hard = lexicon.hard
    wanted = rng.randint(1, _MOST_FIELDS[level])
    distractors = rng.randint(0, _MOST_DISTRACTORS[level])
    allowed = [f for f in domain.fields if level >= 3 or (f.kind != "bool" and not f.kind.startswith("["))]
    if domain.name == "order":
        allowed = [f for f in allowed if f.kind != "[name]"]
    chosen = rng.sample(allowed, min(len(allowed), wanted - 1 + distractors))
    subject = Fact(domain.subject, _key(domain.subject, rng), lexicon.draw(domain.subject.kind))
    used = {subject.key}
    facts: list[Fact] = []
    for field in chosen:
        key = _key(field, rng)
        if key not in used:
            used.add(key)
            facts.append(Fact(field, key, _draw(field, lexicon, rng, level)))
    text, task, asked = _text(rng, domain, subject, facts, wanted, level, hard)
    shapes = {fact.key: value_schema(fact, rng) for fact in asked}
    values = {fact.key: fact.value for fact in asked}
    if level >= 3 and rng.random() < 0.08:
        _add_absent(rng, domain, used, shapes, values, {fact.field for fact in (*facts, subject)})
    if level in (1, 2) and rng.random() < 0.12:
        alone = [
            fact
            for fact in asked
            if (fact.field.kind == "enum" or not isinstance(fact.value, str))
            and (fact.field.kind == "enum" or _same_type(fact, (subject, *facts)) == 1)
        ]
        if alone:
            shape = (
                {"enum": list(alone[0].field.choices)}
                if alone[0].field.choices
                else value_schema(alone[0], rng)
            )
            return _finish(rng, text, shape, alone[0].value, "bare", level)
    schema = object_schema(shapes)
    if level == 4:
        by_name = {fact.field.keys[0]: fact.key for fact in asked}
        grouped = group_fields(rng, domain, by_name, schema, values)
        if grouped is not None:
            return _finish(rng, text, *grouped, "nested", level)
    return _finish(rng, text, schema, values, task, level)


def _text(
    rng: random.Random, domain: Domain, subject: Fact, facts: list[Fact], wanted: int, level: int, hard: bool
) -> tuple[str, str, list[Fact]]:
    """The text, the kind of task, and the facts asked for."""
    roll = rng.random()
    everything = [subject, *facts]
    if roll < (0.6, 0.25, 0.2, 0.15, 0.15)[level]:
        asked = _ask(rng, everything, wanted)
        stated = everything if rng.random() < 0.5 else rng.sample(everything, len(everything))
        return phrasing.pairs(stated, rng), "pairs", asked
    plain = [
        fact for fact in facts if fact.field.kind not in ("bool",) and not fact.field.kind.startswith("[")
    ]
    kinds = [fact.field.kind for fact in plain]
    if roll < (0.8, 0.45, 0.4, 0.3, 0.25)[level]:
        plain = [
            fact
            for fact in plain
            if kinds.count(fact.field.kind) == 1
            and fact.field.kind not in ("small", "number", subject.field.kind)
        ][: wanted - 1]
        stated = [subject, *plain]
        return (
            phrasing.commas(stated, rng),
            "commas",
            stated if rng.random() < 0.8 else rng.sample(stated, len(stated)),
        )
    return phrasing.prose(domain, subject, facts, rng, hard), "prose", _ask(rng, everything, wanted)


def _same_type(fact: Fact, facts: Sequence[Fact]) -> int:
    return sum(type(other.value) is type(fact.value) for other in facts)


def _ask(rng: random.Random, facts: list[Fact], wanted: int) -> list[Fact]:
    """The fields of the schema: often the subject first and in the order of the text, else mixed."""
    wanted = min(wanted, len(facts))
    asked = (
        [facts[0], *rng.sample(facts[1:], wanted - 1)] if rng.random() < 0.85 else rng.sample(facts, wanted)
    )
    if rng.random() < 0.5:
        asked.sort(key=facts.index)
    elif rng.random() < 0.3:
        rng.shuffle(asked)
    return asked


def _add_absent(
    rng: random.Random,
    domain: Domain,
    used: set[str],
    shapes: dict[str, Any],
    values: dict[str, Any],
    stated: set[Field],
) -> None:
    """A nullable field that the text does not state: its value is null."""
    free = [
        f
        for f in domain.fields
        if f not in stated and f.kind in ("phone", "email", "date", "city", "age", "code")
    ]
    if free and len(values) < 6:
        field = rng.choice(free)
        key = _key(field, rng)
        if key not in used:
            shape = value_schema(Fact(field, key, ""), rng) if field.kind != "age" else {"type": "integer"}
            shapes[key] = {"anyOf": [shape, {"type": "null"}], "default": None}
            values[key] = None


def _key(field: Field, rng: random.Random) -> str:
    return field.keys[0] if rng.random() < 0.5 else rng.choice(field.keys)


def value_schema(fact: Fact, rng: random.Random) -> dict[str, Any]:
    """The JSON Schema of one fact's value, as pydantic would write it."""
    value, kind = fact.value, fact.field.kind
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "integer"}
    if isinstance(value, float):
        return {"type": "number"}
    if isinstance(value, list):
        return {"type": "array", "items": {"type": "string"}}
    if kind == "enum":
        choices = sorted(fact.field.choices, key=lambda word: (len(word), word))
        return {"type": "string", "enum": choices} if rng.random() < 0.8 else {"type": "string"}
    if kind in ("date", "email") and rng.random() < 0.35:
        return {"type": "string", "format": kind}
    return {"type": "string"}


def object_schema(shapes: dict[str, Any]) -> dict[str, Any]:
    """A closed object with these properties; those with a default are not required."""
    required = [key for key, shape in shapes.items() if "default" not in shape]
    return {"type": "object", "properties": shapes, "required": required, "additionalProperties": False}

"""JSON tasks from scenes: objects, lists of zero to ten, rows, nested groups, absent fields, tool calls."""

from __future__ import annotations

import random
from typing import Any

from canvasgen.training.tiny.data import asking, scenes
from canvasgen.training.tiny.data.lexicon import Lexicon
from canvasgen.training.tiny.data.scenes import Rows, Scene, Slot

__all__ = ["scene_object", "scene_text"]

_GROUPS = ("details", "info", "data", "meta", "about", "record", "facts", "main")
_STRINGS = {"type": "string"}


def scene_object(rng: random.Random, lexicon: Lexicon) -> tuple[str, dict[str, Any], Any, str]:
    """(text, schema, value, kind of task)."""
    hard = lexicon.hard
    scene = scenes.pick_scene(rng, hard)
    values = scenes.draw(scene, lexicon)
    phrase = rng.choice(scene.usable(hard))
    slots = list(scenes.slots_of(phrase))
    text = scene_text(phrase, slots, values, rng)
    text = asking.with_noise(text, lexicon)
    asked = [slot for slot in slots if rng.random() < (0.9 if isinstance(slot, Rows) else 0.7)]
    asked = asked or [rng.choice(slots)]
    if rng.random() < 0.35:
        rng.shuffle(asked)
    names: dict[str, str] = {}
    for slot in asked:
        names[slot.key] = asking.other_name(slot.key, [*names.values()], rng)
    shapes: dict[str, Any] = {}
    value: dict[str, Any] = {}
    for slot in asked:
        shapes[names[slot.key]], value[names[slot.key]] = _shaped(slot, values[slot.key], rng)
    only = asked[0]
    if len(asked) == 1 and (isinstance(only, Rows) or only.is_list) and rng.random() < 0.4:
        key = names[only.key]
        return asking.instructed(text, [key], rng, hard), shapes[key], value[key], "scene, list"
    task = "scene, rows" if any(isinstance(slot, Rows) for slot in asked) else "scene"
    roll = rng.random()
    if roll < 0.22:
        _add_absent(scene, phrase, text, shapes, value, rng)
    elif roll < 0.40 and len(asked) > 1:
        task = "scene, nested"
        shapes, value = _grouped(shapes, value, rng)
    elif roll < 0.47:
        task = "scene, tool"
        shapes, value = _tool(scene, shapes, value, rng)
    text = asking.instructed(text, list(names.values()), rng, hard)
    return text, _object(shapes), value, task


def scene_text(
    phrase: scenes.Phrase, slots: list[Slot | Rows], values: dict[str, Any], rng: random.Random
) -> str:
    """The filled phrase; or its values as labelled pairs."""
    if rng.random() < 0.3 and not any(isinstance(slot, Rows) for slot in slots):
        facts = [(slot.key, values[slot.key]) for slot in slots]
        if rng.random() < 0.5:
            rng.shuffle(facts)
        return asking.labelled(facts, rng, scenes.written)
    return "".join(
        piece if isinstance(piece, str) else piece[1] for piece in scenes.render(phrase, values, rng)
    )


def _shaped(slot: Slot | Rows, value: Any, rng: random.Random) -> tuple[dict[str, Any], Any]:
    """The schema of a slot, and its value under that."""
    if isinstance(slot, Rows):
        kept = [inner for inner in slot.slots if rng.random() < 0.85] or [slot.slots[0]]
        names: dict[str, str] = {}
        for inner in kept:
            names[inner.key] = asking.other_name(inner.key, list(names.values()), rng, 0.25)
        if len(kept) == 1 and rng.random() < 0.5:
            key = kept[0].key
            return {"type": "array", "items": _scalar(kept[0], rng)}, [row[key] for row in value]
        item = _object({names[inner.key]: _scalar(inner, rng) for inner in kept})
        return {"type": "array", "items": item}, [
            {names[inner.key]: row[inner.key] for inner in kept} for row in value
        ]
    if slot.is_list:
        return {"type": "array", "items": _scalar(Slot(slot.key, slot.kind.strip("[]")), rng)}, value
    if slot.kind == "yes|no" and rng.random() < 0.6:
        return {"type": "boolean"}, value == "yes"
    return _scalar(slot, rng), value


_NUMBERS = {"age": "integer", "small": "integer", "number": "integer", "year": "integer", "star": "integer"}


def _scalar(slot: Slot, rng: random.Random) -> dict[str, Any]:
    kind = slot.kind
    if kind in _NUMBERS:
        return {"type": _NUMBERS[kind]}
    if kind in ("price", "weight"):
        return {"type": "number"}
    if "|" in kind:
        choices = kind.split("|")
        if rng.random() < 0.3:
            rng.shuffle(choices)
        return {"type": "string", "enum": choices} if rng.random() < 0.85 else dict(_STRINGS)
    if kind in ("date", "time", "email") and rng.random() < 0.4:
        return {"type": "string", "format": kind}
    if kind == "datetime" and rng.random() < 0.4:
        return {"type": "string", "format": "date-time"}
    return dict(_STRINGS)


def _object(shapes: dict[str, Any]) -> dict[str, Any]:
    required = [key for key, shape in shapes.items() if "default" not in shape]
    return {"type": "object", "properties": shapes, "required": required, "additionalProperties": False}


def _add_absent(
    scene: Scene,
    phrase: scenes.Phrase,
    text: str,
    shapes: dict[str, Any],
    value: dict[str, Any],
    rng: random.Random,
) -> None:
    """Fields that the text does not state are null; some that it states could have been."""
    here = {slot.key for slot in scenes.slots_of(phrase)}
    free = {
        slot.key: slot
        for other in scene.phrases
        for slot in scenes.slots_of(other)
        if isinstance(slot, Slot) and slot.key not in here and slot.key not in value and not slot.is_list
    }
    for key in rng.sample(sorted(free), min(len(free), rng.choice([1, 1, 2]))):
        shapes[key] = {"anyOf": [_scalar(free[key], rng), {"type": "null"}], "default": None}
        value[key] = None
    for key, shape in list(shapes.items()):
        if rng.random() < 0.3 and "anyOf" not in shape and "enum" not in shape:
            shapes[key] = {"anyOf": [shape, {"type": "null"}], "default": None}
    if rng.random() < 0.5:
        order = list(value)
        rng.shuffle(order)
        for key in order:
            shapes[key], value[key] = shapes.pop(key), value.pop(key)


def _grouped(
    shapes: dict[str, Any], value: dict[str, Any], rng: random.Random
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two or three of the fields as an object of their own."""
    keys = rng.sample(list(value), min(len(value), rng.choice([1, 2, 2, 3])))
    keys.sort(key=list(value).index)
    group = rng.choice([name for name in _GROUPS if name not in value])
    inner = _object({key: shapes[key] for key in keys})
    outer_shapes: dict[str, Any] = {}
    outer: dict[str, Any] = {}
    for key in value:
        if key == keys[0]:
            outer_shapes[group], outer[group] = inner, {name: value[name] for name in keys}
        elif key not in keys:
            outer_shapes[key], outer[key] = shapes[key], value[key]
    return outer_shapes, outer


def _tool(
    scene: Scene, shapes: dict[str, Any], value: dict[str, Any], rng: random.Random
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A call: which of several kinds of text it is, and the fields as its arguments."""
    others = [other.name for other in scenes.scenes() if other.name != scene.name and not other.held_out]
    listed = [scene.name, *rng.sample(others, rng.randint(1, 3))]
    rng.shuffle(listed)
    first, second = rng.choice(
        [("tool", "arguments"), ("name", "parameters"), ("action", "args"), ("kind", "data")]
    )
    return (
        {first: {"type": "string", "enum": listed}, second: _object(shapes)},
        {first: scene.name, second: value},
    )

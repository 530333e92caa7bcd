"""Bare answers: one value of a text under a regular expression, or one of several labels that the text names."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any

from canvasgen.models.embedded.tiny.prompt_form import short_options, short_pattern
from canvasgen.training.tiny.data import asking, scenes
from canvasgen.training.tiny.data.lexicon import Lexicon
from canvasgen.training.tiny.data.scene_objects import scene_text
from canvasgen.training.tiny.data.scenes import Slot
from canvasgen.training.tiny.data.value_formats import PATTERNS

__all__ = ["Bare", "copied", "label"]


@dataclass(frozen=True)
class Bare:
    """A prompt without the line on the constraint, that line or None, the answer, and the constraint.

    Attributes:
        prompt: the text and the question.
        told: a pattern or options in the prompt's language; None: the prompt does not show the constraint.
        answer: the text to be written.
        pattern, options: the constraint, one of them.
    """

    prompt: str
    told: str | None
    answer: str
    task: str
    pattern: str | None = None
    options: tuple[str, ...] = ()


def copied(rng: random.Random, lexicon: Lexicon) -> Bare:
    """A value of the text under a regular expression; the question names it, or the pattern alone says which."""
    hard = lexicon.hard
    text, slots, values = _stated(rng, lexicon)
    single = [slot for slot in slots if not slot.is_list and slot.kind in PATTERNS]
    if not single:
        return copied(rng, lexicon)
    slot = rng.choice(single)
    alone = [other for other in slots if other.kind == slot.kind] == [slot]
    answer = str(values[slot.key])
    fitting = [one for one in PATTERNS[slot.kind] if re.fullmatch(one, answer)]
    if not fitting:
        return copied(rng, lexicon)
    pattern = rng.choice(fitting)
    told = short_pattern(pattern) if rng.random() < 0.75 else None
    asked = asking.ask(asking.other_name(slot.key, [], rng), rng, hard)
    if alone and rng.random() < (0.25 if told else 0.1):
        asked = ""
    return Bare(_placed(text, asked, rng), told, answer, f"copy, {slot.kind}", pattern)


def label(rng: random.Random, lexicon: Lexicon) -> Bare:
    """One of several labels, of which the text names the right one, or several of which the question asks for one."""
    hard = lexicon.hard
    text, slots, values = _stated(rng, lexicon)
    usable = [slot for slot in slots if not slot.is_list and ("|" in slot.kind or slot.kind in _LISTED)]
    if not usable:
        return label(rng, lexicon)
    slot = rng.choice([one for one in usable if "|" in one.kind] or usable)
    answer = str(values[slot.key])
    if "|" in slot.kind:
        options = slot.kind.split("|")
    else:
        others = {str(lexicon.draw(slot.kind)) for _ in range(rng.randint(1, 4))} - {answer}
        options = [answer, *sorted(others)]
        if len(options) == 1:
            return label(rng, lexicon)
    rng.shuffle(options)
    told = short_options(options) if rng.random() < 0.75 else None
    asked = asking.ask(asking.other_name(slot.key, [], rng), rng, hard)
    kinds = [other.kind for other in slots]
    if kinds.count(slot.kind) == 1 and rng.random() < (0.35 if told else 0.1):
        asked = ""
    return Bare(_placed(text, asked, rng), told, answer, "label", options=tuple(options))


_LISTED = ("color", "city", "country", "word", "day", "name", "product", "topic", "small", "size")


def _stated(rng: random.Random, lexicon: Lexicon) -> tuple[str, list[Slot], dict[str, Any]]:
    """A text, its slots, and their values."""
    scene = scenes.pick_scene(rng, lexicon.hard)
    values = scenes.draw(scene, lexicon)
    phrase = rng.choice(scene.usable(lexicon.hard))
    slots = scenes.slots_of(phrase)
    text = scene_text(phrase, list(slots), values, rng)
    return asking.with_noise(text, lexicon, 0.2), [slot for slot in slots if isinstance(slot, Slot)], values


def _placed(text: str, asked: str, rng: random.Random) -> str:
    if not asked:
        return text
    between = rng.choice(["\n", "\n", " ", "\n\n"])
    return f"{asked}{between}{text}" if rng.random() < 0.3 else f"{text}{between}{asked}"

"""Forms from scenes: letters, gaps, edits and tables, whose facts another text states.

The fixed text of a form is a phrasing of a scene; what states the facts is another phrasing, or labelled pairs.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from canvasgen.training.tiny.data import asking, scenes
from canvasgen.training.tiny.data.forms import CLOSINGS, GREETINGS, Form
from canvasgen.training.tiny.data.lexicon import Lexicon
from canvasgen.training.tiny.data.phrasing import choose
from canvasgen.training.tiny.data.scenes import Phrase, Piece, Rows, Scene, Slot

__all__ = ["scene_edit", "scene_gap", "scene_letter", "scene_table"]

_CHANGES = (
    "Change the {key} to {new}.",
    "The {key} is now {new}.",
    "{key}: {new}",
    "New {key}: {new}",
    "Set the {key} to {new}",
    "Replace {old} by {new}.",
    "{old} becomes {new}.",
    "It is {new}, not {old}.",
    "The {key} was {old} and is {new} now.",
    "Use {new} as the {key}.",
    "{key} {new}",
    "Make the {key} {new}.",
    "Put {new} where the {key} is.",
)


def scene_letter(rng: random.Random, lexicon: Lexicon) -> Form:
    """One or two phrasings as a letter whose holes have the names of the facts."""
    hard = lexicon.hard
    facts: list[tuple[str, Any]] = []
    pieces: list[Piece] = []
    stated = ""
    if rng.random() < 0.35:
        greeting = choose(GREETINGS, rng, hard) + rng.choice(["\n", "\n", " "])
        _say(greeting, rng.choice(["to", "receiver", "addressee", "guest_name"]), lexicon, pieces, facts)
    for number in range(rng.choice([1, 1, 1, 2])):
        scene = scenes.pick_scene(rng, hard)
        values = scenes.draw(scene, lexicon)
        phrase, other = _two(scene, rng, hard)
        keys = _keys(phrase)
        if any(key in dict(facts) for key in keys):
            continue
        source = None
        if other is not None and rng.random() < 0.4:
            source = _text(other, values, rng)
            keys = [key for key in keys if key in _keys(other)] or keys
            source = source if set(keys) <= set(_keys(other)) else None
        pieces.append(rng.choice([" ", "\n"]) if number else "")
        pieces += _with_holes(phrase, values, keys, rng)
        if source is None:
            facts += [(key, values[key]) for key in keys]
        else:
            stated += source + rng.choice([" ", "\n"])
            facts += [(key, None) for key in keys]
    if rng.random() < 0.25:
        pieces.append("\n")
        _say(
            choose(CLOSINGS, rng, hard), rng.choice(["from", "sender_name", "signed"]), lexicon, pieces, facts
        )
    told = [(key, value) for key, value in facts if value is not None]
    rng.shuffle(told)
    if told:
        stated += asking.labelled(told, rng, scenes.written)
    form = _renamed(scenes.joined(pieces), rng)
    if not any(not isinstance(piece, str) for piece in form):
        return scene_letter(rng, lexicon)
    return Form(
        asking.with_noise(stated, lexicon, 0.15), tuple(form), "letter, scene", shown=rng.random() < 0.9
    )


def scene_gap(rng: random.Random, lexicon: Lexicon) -> Form:
    """A phrasing with one value cut out."""
    scene, values, phrase, other = _drawn(rng, lexicon)
    keys = _keys(phrase)
    if not keys:
        return scene_gap(rng, lexicon)
    key = rng.choice(keys)
    if other is not None and key in _keys(other) and rng.random() < 0.6:
        source = _text(other, values, rng)
    else:
        facts = [(one, values[one]) for one in _keys(phrase) if one == key or rng.random() < 0.7]
        rng.shuffle(facts)
        source = asking.labelled(facts, rng, scenes.written)
    pieces = _with_holes(phrase, values, [key], rng)
    alone = rng.random() < 0.12
    form = tuple(piece if isinstance(piece, str) else ("", piece[1]) for piece in pieces)
    return Form(
        asking.with_noise(source, lexicon, 0.15),
        form,
        f"gap, {scene.name}",
        alone or rng.random() < 0.8,
        alone,
    )


def scene_edit(rng: random.Random, lexicon: Lexicon) -> Form:
    """A filled phrasing of which one or two values change, as a sentence says."""
    _, values, phrase, _ = _drawn(rng, lexicon)
    slots = {
        slot.key: slot for slot in scenes.slots_of(phrase) if isinstance(slot, Slot) and not slot.is_list
    }
    if not slots:
        return scene_edit(rng, lexicon)
    keys = rng.sample(sorted(slots), min(len(slots), rng.choice([1, 1, 1, 2])))
    said: list[str] = []
    fresh: dict[str, Any] = {}
    for key in keys:
        fresh[key] = next(
            (
                new
                for new in (lexicon.draw(slots[key].kind) for _ in range(8))
                if str(new) != str(values[key])
            ),
            None,
        )
        if fresh[key] is None:
            return scene_edit(rng, lexicon)
        pattern = choose(_CHANGES, rng, lexicon.hard)
        if len(keys) > 1 and "{key}" not in pattern:
            pattern = _CHANGES[0]
        said.append(pattern.format(key=asking.spaced(key), new=fresh[key], old=values[key]))
    pieces = _with_holes(phrase, {**values, **fresh}, keys, rng)
    form = tuple(piece if isinstance(piece, str) else ("", piece[1]) for piece in pieces)
    old = tuple(str(values[piece[0]]) for piece in pieces if not isinstance(piece, str))
    source = rng.choice([" ", "\n"]).join(said)
    return Form(source, form, f"edit, {len(keys)}", shown=rng.random() < 0.9, old=old)


def scene_table(rng: random.Random, lexicon: Lexicon) -> Form:
    """Rows of a scene as a table, perhaps inside a letter."""
    found: list[tuple[Scene, Phrase, Rows]] = []
    for scene in scenes.scenes():
        for phrase in scene.usable(lexicon.hard):
            found += [(scene, phrase, slot) for slot in scenes.slots_of(phrase) if isinstance(slot, Rows)]
    scene, phrase, rows = rng.choice([one for one in found if not one[0].held_out])
    values = scenes.draw(scene, lexicon)
    values[rows.key] = values[rows.key][:4]
    names: dict[str, str] = {}
    for slot in rows.slots:
        names[slot.key] = asking.other_name(slot.key, list(names.values()), rng)
    keys = list(names) if rng.random() < 0.7 else rng.sample(list(names), len(names))
    markdown = rng.random() < 0.7
    first, between, last = ("| ", " | ", " |") if markdown else ("", ",", "")
    pieces: list[Piece] = [first + between.join(names[key] for key in keys) + last]
    if markdown:
        pieces.append("\n|" + "---|" * len(keys))
    for number, row in enumerate(values[rows.key]):
        pieces.append("\n" + first)
        for column, key in enumerate(keys):
            pieces += [between if column else "", (f"{number}/{column}", str(row[key]))]
        pieces.append(last)
    if any(set(str(row[key])) & set(',|"\n') for row in values[rows.key] for key in keys):
        return scene_table(rng, lexicon)
    if rng.random() < 0.3:
        greeting = choose(GREETINGS, rng, lexicon.hard).format(lexicon.name())
        closing = choose(CLOSINGS, rng, lexicon.hard).format(lexicon.name())
        pieces = [f"{greeting}\n{lexicon.filler()}\n", *pieces, f"\n{closing}"]
    source = asking.with_noise(_text(phrase, values, rng), lexicon, 0.15)
    return Form(source, tuple(scenes.joined(pieces)), "table, rows", gap="?")


def _drawn(rng: random.Random, lexicon: Lexicon) -> tuple[Scene, dict[str, Any], Phrase, Phrase | None]:
    scene = scenes.pick_scene(rng, lexicon.hard)
    return (scene, scenes.draw(scene, lexicon), *_two(scene, rng, lexicon.hard))


def _two(scene: Scene, rng: random.Random, hard: bool) -> tuple[Phrase, Phrase | None]:
    """A phrasing for the form, and another that states the facts; None if there is no other."""
    phrase = rng.choice(scene.usable(hard))
    others = [
        other for other in scene.phrases if other is not phrase and (hard or other in scene.usable(False))
    ]
    return phrase, rng.choice(others) if others else None


def _keys(phrase: Phrase) -> list[str]:
    """Keys of single values."""
    return [slot.key for slot in scenes.slots_of(phrase) if isinstance(slot, Slot) and not slot.is_list]


def _text(phrase: Phrase, values: dict[str, Any], rng: random.Random) -> str:
    return "".join(
        piece if isinstance(piece, str) else piece[1] for piece in scenes.render(phrase, values, rng)
    )


def _with_holes(
    phrase: Phrase, values: dict[str, Any], keys: Sequence[str], rng: random.Random
) -> list[Piece]:
    """The filled phrase in which only these keys are holes."""
    return scenes.joined(
        [
            piece if isinstance(piece, str) or piece[0] in keys else piece[1]
            for piece in scenes.render(phrase, values, rng)
        ]
    )


def _say(pattern: str, key: str, lexicon: Lexicon, pieces: list[Piece], facts: list[tuple[str, Any]]) -> None:
    before, _, after = pattern.partition("{}")
    name = lexicon.name() if lexicon.rng.random() < 0.6 else lexicon.name().split(" ")[0]
    pieces += [before, (key, name), after]
    facts.append((key, name))


def _renamed(pieces: list[Piece], rng: random.Random) -> list[Piece]:
    """Some holes have another name than the source has for them."""
    taken = [piece[0] for piece in pieces if not isinstance(piece, str)]
    out: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str):
            out.append(piece)
            continue
        name = asking.other_name(piece[0], taken, rng, 0.15)
        taken.append(name)
        out.append((name, piece[1]))
    if isinstance(out[-1], str):
        out[-1] = out[-1].rstrip()
    return [piece for piece in out if piece != ""]

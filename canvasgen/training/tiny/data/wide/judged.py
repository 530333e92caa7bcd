"""Yes or no, and one of several labels, about short texts; many answers are no copy but what the text means."""

from __future__ import annotations

import random

from canvasgen.models.embedded.tiny.prompt_form import short_options
from canvasgen.training.tiny.data.bare_copies import Bare
from canvasgen.training.tiny.data.lexicon import WORDS
from canvasgen.training.tiny.data.wide.any_facts import ENUMS, FLAGS, fact, facts, in_words, padded, state
from canvasgen.training.tiny.data.wide.coined import Coiner, choice_of
from canvasgen.training.tiny.data.wide.phrases import PHRASES, words_of

__all__ = ["judged"]

_GOOD = PHRASES["good"][0].split()
_BAD = PHRASES["bad"][0].split()
_TOPICS = words_of("topic")
_GROUPS = words_of("group")
_ABOUT = PHRASES["about"]
_THINGS = PHRASES["things"][0].split()
_NEEDS = PHRASES["questions"]
_IS = PHRASES["answers"]


def judged(rng: random.Random, coiner: Coiner) -> Bare:
    """A short text, perhaps a question, and a label."""
    make = rng.choice([_yes_no, _yes_no, _verified, _stated, _stated, _feeling, _topic, _group, _count])
    text, asked, answer, options, task = make(rng, coiner)
    rng.shuffle(options)
    told = short_options(options) if rng.random() < 0.85 else None
    if rng.random() < 0.15:
        text = padded(text, rng, coiner, 1)
    if not asked:
        prompt = text
    elif rng.random() < 0.3:
        prompt = f"{asked}{rng.choice([chr(10), ' '])}{text}"
    else:
        prompt = f"{text}{rng.choice([chr(10), ' ', ' '])}{asked}"
    return Bare(prompt, told, answer, f"judged, {task}", options=tuple(options))


Judged = tuple[str, str, str, list[str], str]
"""The text, the question, the answer, the options, the kind of task."""


def _yes_no(rng: random.Random, coiner: Coiner) -> Judged:
    """A property that the text states or denies, perhaps beside another one."""
    flag, other = (in_words(one) for one in rng.sample(FLAGS, 2))
    holds, also = rng.random() < 0.5, rng.random() < 0.5
    subject = rng.choice(
        ["the order", "the room", "the guest", coiner.name(), f"the {coiner.product()}", "it"]
    )
    pair = rng.choice([("yes", "no"), ("yes", "no"), ("true", "false"), ("Yes", "No")])

    def say(what: str, so: bool) -> str:
        pattern = choice_of(rng, _IS, coiner.hard)
        text = pattern.replace("{s}", subject).replace("{f}", what).replace("{n}", "" if so else "not ")
        return text.replace("{y}", rng.choice([pair[not so], ("yes", "no")[not so]]))

    text = say(flag, holds)
    if rng.random() < 0.5:
        parts = [text, say(other, also)]
        rng.shuffle(parts)
        text = rng.choice([" ", "\n"]).join(parts)
    asked = choice_of(rng, _NEEDS, coiner.hard).replace("{s}", subject).replace("{f}", flag)
    return text[0].upper() + text[1:], asked, pair[not holds], list(pair), "yes or no"


def _verified(rng: random.Random, coiner: Coiner) -> Judged:
    """Whether a fact of the text has a certain value."""
    found = [one for one in facts(rng, coiner, rng.randint(1, 3)) if one.kind not in ("flag", "list")]
    found = found or [fact(rng, coiner, kind="city")]
    one = rng.choice(found)
    holds = rng.random() < 0.5
    asked = one.written
    while not holds and asked == one.written:
        asked = rng.choice(one.shape["enum"]) if one.kind == "enum" else str(coiner.draw(one.kind))
    pattern = rng.choice(["Is the {k} {v}?", "{k} = {v}?", "The {k} is {v}, right?", "Does it say {k} {v}?"])
    question = pattern.replace("{k}", in_words(one.key)).replace("{v}", asked)
    return state(found, rng, coiner.hard), question, "yes" if holds else "no", ["yes", "no"], "verified"


def _stated(rng: random.Random, coiner: Coiner) -> Judged:
    """A label that stands in the text; other facts may stand beside it."""
    found = facts(rng, coiner, rng.randint(0, 2))
    options: list[str] = [*rng.choice(ENUMS).split()]
    answer = rng.choice(options)
    key = rng.choice(
        [
            "status",
            "state",
            "kind",
            "class",
            "type",
            "level",
            "mode",
            "group",
            coiner.coined(),
            rng.choice(FLAGS),
        ]
    )
    name = in_words(key)
    text = rng.choice(
        [
            f"{name}: {answer}",
            f"The {name} is {answer}.",
            f"{name} {answer}",
            f"It is {answer}.",
            f"{answer} is the {name}.",
            f"We chose {answer}.",
            f"{coiner.given()} took {answer}.",
            f"Marked as {answer}.",
            f"{answer.capitalize()}, as agreed.",
        ]
    )
    shown = [text, state(found, rng, coiner.hard)] if found else [text]
    rng.shuffle(shown)
    asked = rng.choice(["", "", f"Which {name}?", f"What is the {name}?", f"{name}?", "Which one is it?"])
    return rng.choice([" ", "\n"]).join(shown), asked, answer, options, "stated"


def _feeling(rng: random.Random, coiner: Coiner) -> Judged:
    """Whether a review is good or bad."""
    good = rng.random() < 0.5
    first, second = rng.sample(_GOOD if good else _BAD, 2)
    text = (
        choice_of(rng, _ABOUT, coiner.hard).replace("{t}", rng.choice(_THINGS)).replace("{p}", coiner.given())
    )
    text = text.replace("{a}", first).replace("{b}", second)
    pair = rng.choice(
        [("positive", "negative"), ("good", "bad"), ("happy", "unhappy"), ("pos", "neg"), ("like", "dislike")]
    )
    asked = rng.choice(
        [
            "",
            "Sentiment?",
            "Is the review good or bad?",
            "How did they like it?",
            "What is the tone?",
            "Classify.",
        ]
    )
    return (
        text[0].upper() + text[1:] + rng.choice([".", "!", ""]),
        asked,
        pair[not good],
        list(pair),
        "feeling",
    )


def _topic(rng: random.Random, coiner: Coiner) -> Judged:
    """What a text is about."""
    options = rng.sample(sorted(_TOPICS), rng.randint(2, 4))
    answer = options[0]
    words = rng.sample(_TOPICS[answer], 3)
    text = rng.choice(
        [
            "The {} and the {} need a new {}.",
            "{}, {} and {}",
            "A {} for the {}, not the {}.",
            "Who took the {}? It was with the {} and the {}.",
            "{p} spoke of a {}, a {} and a {}.",
            "Yesterday the {} and a {} met a {}.",
        ]
    )
    for word in words:
        text = text.replace("{}", word, 1)
    asked = rng.choice(
        ["", "Topic?", "What is it about?", "Which category?", "Classify the text.", "Subject:"]
    )
    return text.replace("{p}", coiner.given()), asked, answer, options, "topic"


def _group(rng: random.Random, coiner: Coiner) -> Judged:
    """What kind of thing something is."""
    options = rng.sample(sorted(_GROUPS), rng.randint(2, 4))
    word = rng.choice(_GROUPS[options[0]])
    text = rng.choice(
        [f"{word}", f"A {word}", f"{coiner.given()} has a {word}.", f"Item: {word}", f"I see a {word} there."]
    )
    asked = rng.choice(["", "What is it?", "Category?", "What kind of thing is this?", f"What is a {word}?"])
    return text, asked, options[0], options, "group"


def _count(rng: random.Random, coiner: Coiner) -> Judged:
    """Which of the options stands in the text, whatever is asked."""
    kind = rng.choice(["city", "name", "color", "product", "word", "date", "price", "code"])
    options = list(dict.fromkeys(str(coiner.draw(kind)) for _ in range(rng.randint(2, 5))))
    answer = options[0]
    text = rng.choice(
        [
            "{} it is.",
            "We took {}.",
            "In the end: {}",
            "{w} {w} {}",
            "Then came {} and {w}.",
            "{p} chose {} at once.",
            "{}",
        ]
    )
    text = (
        text.replace("{}", answer).replace("{p}", coiner.given()).replace("{w}", rng.choice(WORDS["FILLER"]))
    )
    others = [one for one in options if one in text]
    if others != [answer] or any(answer in one for one in options[1:]):
        return _count(rng, coiner)
    return text, rng.choice(["", "Which one?", f"Which {kind}?", "Choose."]), answer, options, "present"

"""Values that no list holds: names, places and words coined from the syllables of many tongues, numbers of many shapes."""

from __future__ import annotations

import random
import string
from typing import Any

from canvasgen.training.tiny.data.lexicon import WORDS, Lexicon, held_out
from canvasgen.training.tiny.data.value_formats import Amount
from canvasgen.training.tiny.data.wide.phrases import PHRASES

__all__ = ["Coiner", "choice_of"]

_TONGUES = (
    "b br d dr g h j k kr l m n p r s st t v z|a e i o u|- - n r k l|ov ek ic ska ina ova an ka",
    "b d f g h j k l m n r s sk st t tr v|a e i o u å ø|- n r l d rn|sen dal vik berg stad lund e a",
    "b br d f fr g h k kl l m r s sch st t w z|a e i o u ei au ie|- n r l ch ck tz|mann er feld bach en ig",
    "b br ch d f g gr j l m n p r s t v|a e i o u ou ai é|- n r l t|eau ier ette on elle and in",
    "b c ch d f g j l m n p r s t v z|a e i o u|- - n r l s|ez ado illa ena ero ino o a",
    "b c d f g l m n p r s t v gi ch|a e i o u|- - l n r|ini etti one ello ata i o a",
    "b c d e g h k l m n s t y z|a e i ı o ö u ü|- n r l k z|oğlu can lı er az ur",
    "h j k l m n p r s t v|a aa e i ii o u y ä|- - n l s|nen la ri kka mo u",
    "b cs d f g gy h k l m n r s sz t v z|a á e é i o ö u|- n r l k|i os nyi falva y as",
    "k s sh t ch ts n h m y r w g z j d b p|a i u e o|- - - n|ko to shi mi ra ya",
    "b p m f d t n l g h j q x zh ch sh z c s y w|a ai ao an ang e en i in ing o ou u un|-|- - i ng",
    "b ch d gi h kh l m n ng ph qu t th tr v|a ă â e ê i o ô ơ u ư|- n ng m t|h nh - -",
    "ad ol b d f k l m n s t w gb ch ob ik|a e i o u|- - - n|yo nna kwe emi ola ade",
    "b bh ch d dh g h j k kh l m n p r s sh t v|a aa e i o u|- n r l|ya esh ani ita raj ika",
    "b d f gh h j kh l m n q r s sh t w z|a i u aa|- - r n m|im ad een iya ah",
    "b c d f g l m n r s t br cl|a e i o u ea ai|- n r l|an igh een agh ach",
    "b br c d f g h j k l m n p r s t w th sh|a e i o u ee oo|- n r l m ck|ton ley son er ford wood y",
    "d f g k l m n p r s t v x z th|a e i o ou|- - n s r|opoulos akis idis os a i",
    "b br cz d g h j k l m n p r s sz t w z|a e i o u y|- n k r|ski owska ak cki ycz a",
    "h k l m n p w|a e i o u aa|-|lani kai nui loa a",
)
"""Onsets, vowels, codas and endings of some twenty tongues; a dash stands for nothing."""
_PARSED = tuple(
    tuple(tuple("" if one == "-" else one for one in part.split()) for part in tongue.split("|"))
    for tongue in _TONGUES
)
_TITLES = ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Sir", "Miss", "Mx.", "Herr", "Madame", "Captain", "Sister")
_ENDS = (
    "com",
    "org",
    "net",
    "io",
    "de",
    "fr",
    "eu",
    "co.uk",
    "it",
    "se",
    "pl",
    "info",
    "edu",
    "jp",
    "dev",
    "ch",
)
_PHONES = (
    "###-####", "### ####", "##-##-##", "(###) ###-####", "+# ### ### ####", "+## ## #### ####", "0###-######",
    "0## ### ## ##", "### ### ###", "#### ####", "+###-#######", "0#/#######", "##########", "+## (0)## #######",
    "###.###.####", "0##-#######", "1-800-###-####", "ext. ###",
)  # fmt: skip
_CODES = (
    "A####", "AA-####", "A-###", "###-A", "AAA-##", "#A#A#", "####/##", "AA##AA", "A#-##", "##-AA-###", "AA_###",
    "#######", "AAAA", "####-####", "aa-##", "aaa###", "A.##.#", "0####", "AAA/####/##", "A##A", "#-#-#", "##A", "A##",
)  # fmt: skip
_MONEY = (
    "${price}", "€{price}", "£{price}", "{price} EUR", "{price} €", "${whole}", "USD {price}", "${grouped}.{cents}",
    "{comma},{cents} €", "CHF {whole}.-", "{whole} kr", "¥{whole}",
)  # fmt: skip
_PIECES = ("set", "pack", "kit", "box", "case", "roll", "unit", "pair")


class Coiner(Lexicon):
    """A lexicon most of whose values are coined; words are held out as listed ones are."""

    def coined(self, low: int = 1, high: int = 3, end: float = 0.7) -> str:
        """A lower-case word of one tongue; ``hard`` words are those that ``held_out`` marks, others never."""
        rng = self.rng
        while True:
            onsets, vowels, codas, ends = rng.choice(_PARSED)
            word = "".join(
                rng.choice(onsets) + rng.choice(vowels) + rng.choice(codas)
                for _ in range(rng.randint(low, high))
            )
            if rng.random() < end:
                word += rng.choice(ends)
            other = not self.hard and held_out(word.capitalize())
            if 2 <= len(word) <= 14 and held_out(word) == self.hard and not other:
                return word

    def _either(self, words: str, share: float = 0.55, title: bool = True) -> str:
        """A coined word, or one of a list."""
        if self.rng.random() < share:
            word = self.coined()
            return word.capitalize() if title else word
        return self.pick(WORDS[words])

    def given(self) -> str:
        """A first name."""
        return self._either("FIRST", 0.45)

    def surname(self) -> str:
        """A last name."""
        rng = self.rng
        name = self._either("LAST", 0.5)
        if rng.random() < 0.05:
            name = rng.choice(["O'", "Mc", "de ", "van ", "von ", "da ", "al-", "El ", "D'"]) + name
        return f"{name}-{self._either('LAST')}" if rng.random() < 0.04 else name

    def name(self) -> str:
        """A person: first and last name, one of them, or with a title or initials."""
        roll = self.rng.random()
        if roll < 0.12:
            return self.given()
        if roll < 0.18:
            return f"{self.rng.choice(_TITLES)} {self.surname()}"
        if roll < 0.22:
            return f"{self.rng.choice(string.ascii_uppercase)}. {self.surname()}"
        if roll < 0.26:
            return f"{self.given()} {self.rng.choice(string.ascii_uppercase)}. {self.surname()}"
        if roll < 0.30:
            return f"{self.given()} {self.given()} {self.surname()}"
        if roll < 0.32:
            return f"{self.rng.choice(_TITLES)} {self.given()} {self.surname()}"
        return f"{self.given()} {self.surname()}"

    def city(self) -> str:
        """A town."""
        name = self._either("CITIES")
        roll = self.rng.random()
        if roll < 0.06:
            return f"{self.rng.choice(['New', 'Port', 'San', 'Upper', 'Bad', 'St.', 'Las', 'Old'])} {name}"
        return f"{name}-{self.coined().capitalize()}" if roll < 0.08 else name

    def country(self) -> str:
        """A country, listed or coined."""
        return self._either("COUNTRIES", 0.4)

    def company(self) -> str:
        """A company."""
        roll = self.rng.random()
        if roll < 0.2:
            return f"{self.surname()} & {self.surname()}"
        end = self.rng.choice(WORDS["COMPANY_END"])
        name = self._either("COMPANY", 0.6)
        return f"{name} {end}" if end and roll < 0.7 else name

    def word(self) -> str:
        """Any lower-case word."""
        return self.coined() if self.rng.random() < 0.5 else super().word()

    def product(self) -> str:
        """A thing, with or without what kind of thing."""
        rng = self.rng
        noun = self.coined() if rng.random() < 0.3 else self.pick(WORDS["NOUN"] + WORDS["THINGS"])
        roll = rng.random()
        if roll < 0.35:
            return noun
        if roll < 0.7:
            return f"{self.pick(WORDS['ADJ'] + WORDS['COLORS'])} {noun}"
        if roll < 0.8:
            return f"{noun} {rng.choice(_PIECES)}"
        return f"{noun}s" if roll < 0.92 and not noun.endswith("s") else noun.capitalize()

    def state(self) -> str:
        """A thing, and what is the matter with it."""
        said = f"{self.product()} {choice_of(self.rng, PHRASES['states'], self.hard)}"
        said = said.replace("{}", self.word())
        return said.capitalize() if self.rng.random() < 0.4 else said

    def problem(self) -> str:
        """The title of a ticket."""
        return self.state() if self.rng.random() < 0.6 else super().problem()

    def phrase(self) -> str:
        """One to four words, or a thing and what is the matter with it."""
        if self.rng.random() < 0.35:
            return self.state()
        said = " ".join(self.word() for _ in range(self.rng.choice([1, 1, 2, 2, 3, 4])))
        return said.capitalize() if self.rng.random() < 0.4 else said

    def email(self) -> str:
        """An e-mail address."""
        rng = self.rng
        first, last = (_plain(name) for name in (self.given(), self._either("LAST")))
        layout = rng.choice(["{a}", "{a}.{b}", "{i}.{b}", "{b}{n}", "{a}_{b}", "{a}-{b}", "{a}{b}"])
        local = layout.format(a=first, b=last, i=first[0], n=rng.randint(1, 999))
        if rng.random() < 0.15:
            local = rng.choice(["info", "office", "sales", "hello", "team", "contact", "post"])
        host = (
            self.pick(WORDS["DOMAINS"])
            if rng.random() < 0.25
            else f"{_plain(self.coined())}.{rng.choice(_ENDS)}"
        )
        return f"{local}@{host}"

    def phone(self) -> str:
        """A telephone number in one of many layouts."""
        return self._drawn(self.rng.choice(_PHONES))

    def code(self) -> str:
        """A code, number or reference."""
        return self._drawn(self.rng.choice(_CODES))

    def _drawn(self, layout: str) -> str:
        letters = {"#": string.digits, "A": string.ascii_uppercase, "a": string.ascii_lowercase}
        return "".join(self.rng.choice(letters[mark]) if mark in letters else mark for mark in layout)

    def price(self) -> Amount:
        """An amount with two decimals, up to six digits before them."""
        whole = self.rng.randint(0, 10 ** self.rng.choice([1, 1, 2, 2, 2, 3, 3, 4, 5]))
        cents = self.rng.choice(["00", "50", "99", "95", "40", *[f"{self.rng.randint(0, 99):02d}"] * 5])
        return Amount(f"{whole}.{cents}")

    def money(self) -> str:
        """An amount as a text, with its sign and separators."""
        price = self.price()
        whole, _, cents = str(price).partition(".")
        grouped = f"{int(whole):,}"
        layout = self.rng.choice(_MONEY)
        comma = grouped.replace(",", ".")
        return layout.format(price=price, whole=whole, cents=cents, grouped=grouped, comma=comma)

    def weight(self) -> Amount:
        """A number with one to three decimals."""
        digits = self.rng.choice([1, 1, 1, 2, 3])
        whole = self.rng.randint(0, 10 ** self.rng.choice([1, 2, 2, 3]))
        part = "".join(self.rng.choice(string.digits) for _ in range(digits - 1)) + self.rng.choice(
            "123456789"
        )
        return Amount(f"{whole}.{part}")

    def number(self) -> int:
        """An integer of one to seven digits, seldom below zero."""
        drawn = self.rng.randint(0, 10 ** self.rng.randint(1, 7))
        return -drawn if self.rng.random() < 0.04 else drawn

    def small(self) -> int:
        """A count."""
        return self.rng.randint(0, self.rng.choice([9, 12, 30, 99, 999]))

    def percent(self) -> str:
        """A share."""
        whole, part = self.rng.randint(0, 100), self.rng.randint(0, 9)
        return self.rng.choice(["{}%", "{}.{}%", "{} %"]).format(whole, part)

    def room(self) -> str:
        """The number of a room, seat or gate."""
        return self._drawn(self.rng.choice(["#", "##", "###", "####", "A#", "A##", "##A", "#.##", "A-#"]))

    def clock(self) -> str:
        """A time of day in one of several layouts."""
        rng = self.rng
        hour, minute = rng.randint(0, 23), rng.choice([0, 15, 30, 45, rng.randint(0, 59)])
        layout = rng.choice(
            ["{h:02d}:{m:02d}"] * 3 + ["{h}:{m:02d}", "{t} pm", "{t}:{m:02d} am", "{h:02d}.{m:02d}"]
        )
        return layout.format(h=hour, m=minute, t=hour % 12 + 1)

    def draw(self, kind: str) -> Any:
        """A value of the named kind; those that are drawn here come before the formats of the other data."""
        if kind in ("phone", "price", "code", "percent"):
            return getattr(self, kind)()
        return super().draw(kind)


def _plain(word: str) -> str:
    """Lower-case ASCII letters of a word; those of other alphabets are left out."""
    kept = "".join(letter for letter in word.lower() if letter in string.ascii_lowercase)
    return kept or "x"


def choice_of(rng: random.Random, texts: tuple[str, ...], hard: bool) -> str:
    """One text; the last of four or more is for ``hard`` examples."""
    if len(texts) < 4:
        return rng.choice(texts)
    return texts[-1] if hard else rng.choice(texts[:-1])

"""Word lists and value generators of the synthetic data; a tenth of every list is held out for ``test_hard``."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence

FIRST = """Alice Bob Carol David Emma Frank Grace Henry Isabel Jack Karen Liam Maria Noah Olivia Peter Quinn Rosa Samuel Tina
Ulrich Vera Walter Xenia Yusuf Zoe Aaron Bella Carlos Diana Ethan Fatima George Hannah Ivan Julia Kevin Laura Marco Nina
Oscar Paula Raj Sofia Thomas Uma Victor Wendy Ximena Yara Adam Beth Chloe Daniel Elena Felix Gina Hugo Irene James
Kate Leo Mia Nathan Olga Paul Rita Sara Tom Ursula Vincent Wanda Yan Zara Ahmed Brigitte Chen Dmitri Eva Fiona
Gustav Helena Igor Jana Kofi Lena Mateo Nadia Omar Priya Ravi Simon Tara Ugo Valeria Wei Yuki Zhang Amara Bruno
Clara Diego Esther Farid Greta Hassan Ines Jonas Kenji Lucia Milan Noor Otto Petra Quentin Ruth Stefan Thea Umar Viola
William Sophie Anna Max Ella Lucas Lily Jacob Emily Michael Sarah Robert Linda John Mary Charles Nancy Mark Susan Steven
Lisa Andrew Betty Joshua Helen Brian Sandra Edward Donna Ronald Carol Anthony Ruth Jason Sharon Jeff Michelle Ryan Amanda
Gary Melissa Eric Deborah Stephen Rebecca Larry Cynthia Scott Kathleen Brandon Amy Ben Angela Greg Anita Sam Brenda""".split()
LAST = """Smith Jones Brown Taylor Wilson Davies Evans Thomas Johnson Roberts Walker Wright Robinson Thompson White Hughes
Edwards Green Hall Wood Harris Lewis Martin Jackson Clarke Clark Turner Hill Scott Cooper Morris Ward Moore King Watson
Baker Harrison Morgan Patel Young Allen Mitchell Anderson Lee Phillips Bell Parker Davis Bennett Miller Cook Shaw Cox
Schmidt Weber Fischer Meyer Wagner Becker Hoffmann Koch Richter Klein Wolf Neumann Schwarz Braun Garcia Lopez Perez
Sanchez Romero Torres Alvarez Ruiz Navarro Rossi Russo Ferrari Bianchi Romano Gallo Conti Costa Silva Santos Oliveira
Souza Pereira Almeida Ivanov Petrov Sokolov Volkov Kowalski Nowak Novak Horvat Kim Park Choi Nguyen Tran Pham Wang Li
Liu Chen Yang Huang Zhao Tanaka Suzuki Sato Ito Yamamoto Nakamura Khan Ahmed Ali Hussain Sharma Singh Gupta Kumar Das
Okafor Mensah Diallo Traore Hansen Larsen Olsen Berg Lund Dahl Nilsson Jansen Visser Bakker Dubois Moreau Laurent Simon
Michel Leroy Roux Fournier Murphy Kelly Byrne Ryan Walsh Doyle Quinn Murray Stone Rivers Fox Hart Lane Cross Bishop""".split()
CITIES = """Paris London Berlin Madrid Rome Vienna Prague Lisbon Dublin Oslo Stockholm Helsinki Copenhagen Warsaw Budapest
Athens Brussels Amsterdam Zurich Geneva Milan Turin Naples Venice Florence Barcelona Valencia Seville Porto Lyon Nice
Toulouse Bordeaux Lille Hamburg Munich Cologne Frankfurt Stuttgart Leipzig Dresden Graz Basel Bern Krakow Gdansk Riga
Vilnius Tallinn Kyiv Odessa Sofia Belgrade Zagreb Split Istanbul Ankara Izmir Cairo Tunis Rabat Lagos Accra Nairobi
Dakar Kampala Tokyo Osaka Kyoto Nagoya Seoul Busan Beijing Shanghai Taipei Hanoi Bangkok Manila Jakarta Delhi Mumbai
Chennai Karachi Lahore Dhaka Tehran Baghdad Amman Beirut Doha Dubai Sydney Melbourne Perth Brisbane Auckland Wellington
Boston Chicago Denver Dallas Houston Austin Seattle Portland Phoenix Atlanta Miami Detroit Toronto Montreal Vancouver
Calgary Ottawa Quebec Lima Bogota Quito Santiago Caracas Havana Leeds York Bristol Oxford Cambridge Glasgow Edinburgh
Cardiff Belfast Cork Galway Exeter Derby Bath Bergen Malmo Aarhus Utrecht Ghent Antwerp Bruges Salzburg Linz""".split()
CITIES += ["New York", "Los Angeles", "San Diego", "Cape Town", "Hong Kong", "Buenos Aires", "Rio de Janeiro", "San Jose",
           "Mexico City", "Tel Aviv", "Kuala Lumpur", "St. Louis", "Las Vegas", "New Delhi", "Den Haag", "Sao Paulo"]
COUNTRIES = """France Germany Spain Italy Austria Poland Portugal Ireland Norway Sweden Finland Denmark Hungary Greece Belgium
Japan China India Brazil Canada Mexico Chile Peru Kenya Ghana Egypt Turkey Iran Vietnam Thailand Australia Cuba Nepal""".split()
JOBS = """engineer teacher nurse doctor lawyer baker plumber pilot chef writer painter farmer driver designer architect
carpenter dentist librarian analyst developer manager editor actor musician translator accountant chemist biologist
electrician gardener tailor waiter barber soldier sailor judge banker plumber consultant surgeon""".split()
COMPANY = """Acme Globex Initech Umbrella Hooli Vandelay Stark Wayne Wonka Cyberdyne Tyrell Soylent Nakatomi Zenith Apex Orion
Vertex Nimbus Quantum Solaris Helix Atlas Boreal Cobalt Delta Ember Falcon Granite Harbor Iris Juniper Krypton Lumen
Meridian Nova Onyx Pioneer Quartz Raven Summit Titan Unity Vector Willow Xenon Yonder Zephyr""".split()
COMPANY_END = ["", "", "", " Labs", " Inc", " Ltd", " Systems", " Foods", " Group", " Motors"]
ADJ = """red blue green black white small large wooden steel glass plastic leather cotton heavy light soft round square
modern vintage compact portable electric folding digital smart silent""".split()
NOUN = """mug lamp chair table desk kettle pan knife bottle backpack wallet umbrella jacket shirt scarf boot hat glove ring
watch camera phone laptop mouse keyboard monitor speaker cable charger pen notebook folder stapler ruler clock mirror
vase candle pillow blanket towel basket bucket ladder hammer drill saw wrench torch tent stove cup plate bowl spoon fork
toaster blender drone guitar violin drum puzzle kite ball racket helmet bicycle scooter""".split()
COLORS = "red blue green black white yellow orange purple pink brown gray silver".split()
LANGUAGES = "English French German Spanish Italian Polish Dutch Greek Turkish Arabic Hindi Korean Japanese Chinese Russian Swedish".split()
HOBBIES = """chess tennis hiking cooking reading cycling swimming painting fishing running dancing sailing knitting yoga
photography climbing golf gardening singing skiing""".split()
TOPICS = """data design security robotics climate health energy music art history physics finance marketing education travel
cloud gaming film poetry ethics""".split()
EVENT_END = ["Summit", "Conference", "Workshop", "Meetup", "Festival", "Forum", "Gala", "Fair", "Expo", "Camp"]
STREET = "Oak Elm Maple Pine Cedar Park Lake Hill River Church Station Mill High Bridge Garden Rose Sunset Forest Castle Green".split()
STREET_END = ["Street", "Road", "Avenue", "Lane", "Way", "Square"]
DOMAINS = ["example.com", "mail.com", "acme.org", "nova.io", "post.net", "inbox.org", "corp.com", "web.de"]
PROBLEMS = """login checkout search export import upload download payment printing backup billing email report dashboard
calendar profile password invoice menu startup update sync camera sound network""".split()
PROBLEM_END = ["fails", "is slow", "crashes", "is broken", "freezes", "shows an error", "does not load", "times out"]
KEYS = """code level score team color size grade rank zone room floor gate seat batch model serial version region branch
unit owner author editor source target status mode group class kind label tag note topic theme genre brand style
material flavor speed power depth width volume rate limit count total points""".split()

CONSONANTS = "b c d f g h j k l m n p r s t v w z br ch cl dr fl gr kr pl sh st th tr".split()
VOWELS = "a e i o u a e i o ai ea ou".split()
ENDS = ["", "", "n", "r", "l", "s", "k", "m", "x", "nd", "rt"]


def held_out(word: str) -> bool:
    """Whether a word belongs to the tenth that only ``test_hard`` uses."""
    return zlib.crc32(word.encode()) % 10 == 0


def pronounceable(rng: random.Random, low: int = 2, high: int = 3) -> str:
    """A random lower-case word of ``low`` to ``high`` syllables."""
    word = "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(rng.randint(low, high)))
    return word + rng.choice(ENDS)


class Lexicon:
    """Draws values of every kind; ``hard`` draws from the held-out words only, else never from them."""

    def __init__(self, rng: random.Random, hard: bool = False) -> None:
        self.rng = rng
        self.hard = hard

    def pick(self, words: Sequence[str]) -> str:
        """One word of the list, from this split's part of it."""
        pool = [w for w in words if held_out(w) == self.hard]
        return self.rng.choice(pool or words)

    def maybe_random(self, words: Sequence[str], share: float = 0.25, title: bool = True) -> str:
        """A listed word, or with probability ``share`` a random pronounceable one."""
        if self.rng.random() < (0.5 if self.hard else share):
            word = pronounceable(self.rng)
            return word.capitalize() if title else word
        return self.pick(words)

    def name(self) -> str:
        first, last = self.maybe_random(FIRST, 0.15), self.maybe_random(LAST, 0.3)
        roll = self.rng.random()
        if roll < 0.12:
            return first
        return f"{first}-{self.pick(FIRST)} {last}" if roll < 0.13 else f"{first} {last}"

    def city(self) -> str:
        return self.maybe_random(CITIES)

    def country(self) -> str:
        return self.maybe_random(COUNTRIES, 0.1)

    def company(self) -> str:
        return self.maybe_random(COMPANY, 0.4) + self.rng.choice(COMPANY_END)

    def job(self) -> str:
        return self.maybe_random(JOBS, 0.1, title=False)

    def product(self) -> str:
        noun = self.maybe_random(NOUN, 0.15, title=False)
        return noun if self.rng.random() < 0.4 else f"{self.pick(ADJ)} {noun}"

    def color(self) -> str:
        return self.maybe_random(COLORS, 0.1, title=False)

    def street(self) -> str:
        return f"{self.rng.randint(1, 199)} {self.maybe_random(STREET)} {self.rng.choice(STREET_END)}"

    def email(self) -> str:
        local = self.maybe_random(FIRST, 0.3).lower()
        if self.rng.random() < 0.4:
            local += self.rng.choice([".", "_", ""]) + self.maybe_random(LAST, 0.3).lower()
        elif self.rng.random() < 0.3:
            local += str(self.rng.randint(1, 99))
        domain = self.pick(DOMAINS) if self.rng.random() < 0.7 else f"{pronounceable(self.rng, 1, 2)}.{self.rng.choice(['com', 'org', 'net'])}"
        return f"{local}@{domain}"

    def phone(self) -> str:
        digits = "".join(str(self.rng.randint(0, 9)) for _ in range(4))
        return f"555-{digits}" if self.rng.random() < 0.7 else f"{self.rng.randint(100, 999)}-{digits}"

    def date(self) -> str:
        return f"{self.rng.randint(1960, 2029)}-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}"

    def time(self) -> str:
        return f"{self.rng.randint(0, 23):02d}:{self.rng.choice(['00', '15', '30', '45'])}"

    def code(self) -> str:
        letters = "".join(self.rng.choice("ABCDEFGHKLMNPQRSTXYZ") for _ in range(self.rng.randint(1, 2)))
        return f"{letters}-{self.rng.randint(10, 9999)}"

    def word(self) -> str:
        return pronounceable(self.rng, 1, 3) if self.rng.random() < 0.6 else self.pick(NOUN + ADJ + HOBBIES + TOPICS)

    def phrase(self) -> str:
        word = self.word() if self.rng.random() < 0.7 else f"{self.word()} {self.word()}"
        return word.capitalize() if self.rng.random() < 0.4 else word

    def event(self) -> str:
        return f"{self.maybe_random(TOPICS, 0.3, title=False).capitalize()} {self.rng.choice(EVENT_END)}"

    def problem(self) -> str:
        return f"{self.maybe_random(PROBLEMS, 0.1, title=False)} {self.rng.choice(PROBLEM_END)}".capitalize()

    def language(self) -> str:
        return self.pick(LANGUAGES)

    def hobby(self) -> str:
        return self.maybe_random(HOBBIES, 0.1, title=False)

    def topic(self) -> str:
        return self.maybe_random(TOPICS, 0.15, title=False)

    def age(self) -> int:
        return self.rng.randint(1, 99)

    def year(self) -> int:
        return self.rng.randint(1850, 2029)

    def small(self) -> int:
        return self.rng.randint(1, 20) if self.rng.random() < 0.7 else self.rng.randint(1, 500)

    def number(self) -> int:
        return self.rng.randint(0, 10 ** self.rng.randint(1, 5))

    def price(self) -> float:
        cents = self.rng.choice([0.5, 0.99, 0.95, 0.25, 0.75, 0.49]) if self.rng.random() < 0.5 else self.rng.randint(1, 99) / 100
        return round(self.rng.randint(0, 10 ** self.rng.randint(1, 3)) + cents, 2)

    def weight(self) -> float:
        return self.rng.randint(1, 99) + self.rng.randint(1, 9) / 10

    def draw(self, kind: str) -> object:
        """A value of the named kind (the name of one of the methods above)."""
        method: Callable[[], object] = getattr(self, kind)
        return method()

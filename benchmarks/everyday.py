"""Does the embedded model do everyday tasks? Thirty small ones, each with three seeds, asked as a user would ask.

None of the texts is from the training data's generator. An answer counts if it is the expected value, whole.

    python benchmarks/everyday.py [--model FOLDER ...] [--seeds 3] [--only edit] [--grounded]

With several `--model`, a column for each; "shipped" is the model that comes with the package. With `--grounded` the
strings and numbers of a schema, the text of a regular expression and the holes of a template are spans of the prompt;
cells, gaps and edits are `cg.span_of(prompt)`.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

import canvasgen as cg

LINE = cg.text(lines=False)


class Person(BaseModel):
    name: str
    age: int
    city: str


class Line(BaseModel):
    product: str
    quantity: int


class Order(BaseModel):
    customer: str
    items: list[Line]


class Party(BaseModel):
    name: str
    email: str


class Invoice(BaseModel):
    number: str
    customer: Party
    total: float


class Meeting(BaseModel):
    topic: str
    day: date
    start: str


class Contact(BaseModel):
    name: str
    phone: str | None = None
    email: str | None = None


class Palette(BaseModel):
    colors: list[str]


class Ticket(BaseModel):
    title: str
    priority: Literal["low", "medium", "high"]
    paid: bool


def plain(value: Any) -> Any:
    """Models as plain data, dates as their text."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [plain(one) for one in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Task:
    """A kind, a prompt, the arguments of `generate`, and what should come out."""

    kind: str
    prompt: str
    options: dict[str, Any]
    expected: Any
    pick: Callable[[Any], Any] = plain
    spans: Callable[[cg.Constraint], dict[str, Any]] | None = None


def grounded(task: Task) -> dict[str, Any]:
    """The arguments with values that are spans of the prompt, where they can be."""
    options = dict(task.options)
    if options.keys() & {"schema", "regex", "template"}:
        return {**options, "grounded": True}
    span = cg.span_of(task.prompt)
    return {**options, **(task.spans(span) if task.spans else {})}


def holes(value: Any) -> Any:
    """All holes of a template's value."""
    return {name: filling for name, filling in value.items() if name != "text"}


def after_thought(value: Any) -> Any:
    """The JSON behind the thought, whether the value is the text or its parts."""
    text = value if isinstance(value, str) else ""
    return json.loads(text.partition("</think>")[2]) if text else plain(value)


TASKS = [
    Task(
        "object",
        "Nora Quist is 41 years old and lives in Bergen.",
        {"schema": Person},
        {"name": "Nora Quist", "age": 41, "city": "Bergen"},
    ),
    Task(
        "object",
        "Our new colleague: Tomasz Zielinski, 29, from Lublin",
        {"schema": Person},
        {"name": "Tomasz Zielinski", "age": 29, "city": "Lublin"},
    ),
    Task(
        "object",
        "topic: budget review, day: 2026-09-14, start: 10:30",
        {"schema": Meeting},
        {"topic": "budget review", "day": "2026-09-14", "start": "10:30"},
    ),
    Task(
        "nested",
        "Invoice A-2204. Customer: Lena Brandt (lena@brandt.de). Total: 118.50",
        {"schema": Invoice},
        {"number": "A-2204", "customer": {"name": "Lena Brandt", "email": "lena@brandt.de"}, "total": 118.5},
    ),
    Task(
        "nested",
        "Pavel Novotny ordered 3 lamps and 12 chairs.",
        {"schema": Order},
        {
            "customer": "Pavel Novotny",
            "items": [{"product": "lamps", "quantity": 3}, {"product": "chairs", "quantity": 12}],
        },
    ),
    Task(
        "nested",
        "Customer: Ida Holm\n- 2 x notebook\n- 5 x pencil",
        {"schema": Order},
        {
            "customer": "Ida Holm",
            "items": [{"product": "notebook", "quantity": 2}, {"product": "pencil", "quantity": 5}],
        },
    ),
    Task("list", "colors: amber, teal, olive", {"schema": list[str]}, ["amber", "teal", "olive"]),
    Task(
        "list",
        "The flag has the colors red, white and blue.",
        {"schema": Palette},
        {"colors": ["red", "white", "blue"]},
    ),
    Task("list", "The results were 4, 8 and 15.", {"schema": list[int]}, [4, 8, 15]),
    Task(
        "absent",
        "Call Rosa Lind at 555-0192.",
        {"schema": Contact},
        {"name": "Rosa Lind", "phone": "555-0192", "email": None},
    ),
    Task(
        "absent",
        "Write to Ben Okoye, ben@okoye.ng",
        {"schema": Contact},
        {"name": "Ben Okoye", "phone": None, "email": "ben@okoye.ng"},
    ),
    Task(
        "label",
        "Ticket: printer is on fire. Priority: high. Paid: yes.",
        {"schema": Ticket},
        {"title": "printer is on fire", "priority": "high", "paid": True},
    ),
    Task(
        "label",
        "The traffic light is green. Which color is the light?",
        {"choice": ["red", "yellow", "green"]},
        "green",
    ),
    Task(
        "label", "Status of the parcel: shipped", {"choice": ["ordered", "shipped", "delivered"]}, "shipped"
    ),
    Task("label", "Vegetarian: no. Is the guest vegetarian?", {"choice": ["yes", "no"]}, "no"),
    Task(
        "copy",
        "The shop can be reached at 030-5551234. What is the phone number?",
        {"regex": r"\d{3}-\d{7}"},
        "030-5551234",
    ),
    Task("copy", "We meet on 2026-11-03 in Ghent. Date?", {"regex": r"\d{4}-\d{2}-\d{2}"}, "2026-11-03"),
    Task(
        "copy",
        "Pay to DE44500105175407324931 please.",
        {"regex": r"[A-Z]{2}\d{20}"},
        "DE44500105175407324931",
    ),
    Task(
        "copy",
        "Mail me: jo.keller@mail.org. E-mail address?",
        {"regex": r"[\w.]+@[\w.]+"},
        "jo.keller@mail.org",
    ),
    Task("copy", "The train leaves at 07:45. When does it leave?", {"regex": r"\d{2}:\d{2}"}, "07:45"),
    Task(
        "letter",
        "name: Le; item: red bike",
        {"template": "Dear {name}, your {item} is ready."},
        {"name": "Le", "item": "red bike"},
        holes,
    ),
    Task(
        "letter",
        "guest: Mrs. Adeyemi, room 212, until 2026-08-02",
        {"template": "Welcome {guest}! Your room is {room} and you stay until {until}."},
        {"guest": "Mrs. Adeyemi", "room": "212", "until": "2026-08-02"},
        holes,
    ),
    Task(
        "gap",
        "The capital of Belaria is Tovin.",
        {"constraint": cg.infill("We flew to the capital, ", ", on Monday.", LINE)},
        "Tovin",
        spans=lambda span: {"constraint": cg.infill("We flew to the capital, ", ", on Monday.", span)},
    ),
    Task(
        "gap",
        "The meeting was moved to Friday.",
        {"constraint": cg.infill("See you on ", " at the meeting.", LINE)},
        "Friday",
        spans=lambda span: {"constraint": cg.infill("See you on ", " at the meeting.", span)},
    ),
    Task(
        "edit",
        "The price is 15 dollars now.",
        {"constraint": cg.edit("The lamp costs 12 dollars.", "12")},
        "The lamp costs 15 dollars.",
        spans=lambda span: {"constraint": cg.edit("The lamp costs 12 dollars.", "12", span)},
    ),
    Task(
        "edit",
        "Change the name to Karim.",
        {"constraint": cg.edit("Dear Anna, see you soon.", "Anna")},
        "Dear Karim, see you soon.",
        spans=lambda span: {"constraint": cg.edit("Dear Anna, see you soon.", "Anna", span)},
    ),
    Task(
        "table",
        "Zofia is 34 and lives in Gdynia. Emeka is 27 and lives in Enugu.",
        {"table": cg.table(2, ["name", "age", "city"], cells=str)},
        [["Zofia", "34", "Gdynia"], ["Emeka", "27", "Enugu"]],
        spans=lambda span: {"table": cg.table(2, ["name", "age", "city"], cells=span)},
    ),
    Task(
        "table",
        "apples 3, pears 8",
        {"table": cg.table(2, ["fruit", "count"], cells=str)},
        [["apples", "3"], ["pears", "8"]],
        spans=lambda span: {"table": cg.table(2, ["fruit", "count"], cells=span)},
    ),
    Task(
        "table",
        "Prices: tea 2.50, cake 4.80",
        {"constraint": "Dear guest,\n" + cg.table(2, ["item", "price"], cells=str) + "\nSee you!"},
        [["tea", "2.50"], ["cake", "4.80"]],
        spans=lambda span: {
            "constraint": "Dear guest,\n" + cg.table(2, ["item", "price"], cells=span) + "\nSee you!"
        },
    ),
    Task(
        "thought",
        "Maja Lund, 52, Aarhus",
        {"constraint": cg.text(until="</think>", max_tokens=40) + cg.json_schema(Person)},
        {"name": "Maja Lund", "age": 52, "city": "Aarhus"},
        after_thought,
        lambda span: {
            "constraint": cg.text(until="</think>", max_tokens=40)
            + cg.json_schema(Person, grounded="Maja Lund, 52, Aarhus")
        },
    ),
]


def main(
    model: Annotated[
        list[str] | None, typer.Option(help="a weights folder, or `shipped`; several times")
    ] = None,
    seeds: Annotated[int, typer.Option(help="seeds of each task")] = 3,
    only: Annotated[str | None, typer.Option(help="one kind of task")] = None,
    ground: Annotated[bool, typer.Option("--grounded", help="values are spans of the prompt")] = False,
    verbose: Annotated[bool, typer.Option(help="print every wrong answer")] = False,
) -> None:
    columns: dict[str, dict[str, list[bool]]] = {}
    seconds: dict[str, float] = {}
    steps: dict[str, int] = defaultdict(int)
    for name in model or ["shipped"]:
        right: dict[str, list[bool]] = defaultdict(list)
        engine = cg.load(None if name == "shipped" else name)
        started = time.perf_counter()
        for task in TASKS:
            if only not in (None, task.kind):
                continue
            for seed in range(seeds):
                try:
                    options = grounded(task) if ground else task.options
                    answer = engine.complete(task.prompt, seed=seed, on_step_limit="return", **options)
                    steps[name] += len(answer.trace)
                    got = task.pick(answer.value)
                except cg.errors.CanvasgenError as error:
                    got = error
                right[task.kind].append(got == task.expected)
                if verbose and got != task.expected:
                    print(f"{name} {task.kind} {seed}: {task.prompt!r} -> {got!r}")
        columns[name], seconds[name] = right, time.perf_counter() - started
    table = Table("kind", *columns, title=f"everyday tasks, {seeds} seeds each: right")
    kinds = next(iter(columns.values()))
    for kind in kinds:
        table.add_row(kind, *(f"{sum(right[kind])} of {len(right[kind])}" for right in columns.values()))
    table.add_row("all", *(f"{share(right):.0%}" for right in columns.values()))
    table.add_row(
        "steps an answer",
        *(f"{steps[name] / max(1, sum(map(len, right.values()))):.1f}" for name, right in columns.items()),
    )
    table.add_row(
        "seconds an answer",
        *(f"{seconds[name] / max(1, sum(map(len, right.values()))):.2f}" for name, right in columns.items()),
    )
    Console().print(table)


def share(right: dict[str, list[bool]]) -> float:
    """Of all answers, how many are right."""
    every = [one for ones in right.values() for one in ones]
    return sum(every) / max(1, len(every))


if __name__ == "__main__":
    typer.run(main)

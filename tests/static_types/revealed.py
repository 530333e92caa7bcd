"""What a type checker makes of the calls: each comment is the type that it reveals, or the rule that it reports."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Literal, TypedDict, assert_type, reveal_type

from pydantic import BaseModel

import canvasgen as cg


class Person(BaseModel):
    name: str


class Movie(TypedDict):
    title: str


class Colour(Enum):
    RED = "red"


engine = cg.load()
reveal_type(cg.generate("x", schema=Person))  # Person
reveal_type(cg.generate("x", schema=Movie))  # Movie
reveal_type(cg.generate("x", schema=list[Person]))  # list[Person]
reveal_type(cg.generate("x", schema=int | None))  # Any
reveal_type(cg.generate("x", schema={"type": "integer"}))  # Any
reveal_type(cg.generate("x", choice=["a", "b"]))  # Literal['a', 'b']
reveal_type(cg.generate("x", choice=("a", "b")))  # Literal['a', 'b']
reveal_type(cg.generate("x", choice=[1, 2]))  # int
reveal_type(cg.generate("x", choice=Path("a-b").name.split("-")))  # str
reveal_type(cg.generate("x", choice={"yes": True, "no": False}))  # bool
reveal_type(cg.generate("x", choice=Colour))  # Colour
reveal_type(cg.generate("x", regex="a", seed=1, max_tokens=None))  # str
reveal_type(cg.generate("x", grammar="sql_select"))  # str
reveal_type(cg.generate("x", grammar=Path("g.lark")))  # str
reveal_type(cg.generate("x", template="Dear {name}"))  # dict[str, str]
reveal_type(cg.generate("x", template=cg.template("{n}", n="a|b")))  # dict[str, Any]
reveal_type(cg.generate("x", table=cg.sudoku("." * 16)))  # list[list[Any]]
reveal_type(cg.generate("x", constraint=cg.regex("a") + cg.regex("b")))  # Any
reveal_type(cg.generate("x"))  # str
reveal_type(cg.generate([{"role": "user", "content": "x"}], regex="a"))  # str
reveal_type(cg.generate("x", schema=Person, model="tiny", validators=[bool], temperature=0))  # Person

reveal_type(engine.generate("x", schema=Person))  # Person
reveal_type(engine.generate("x", choice=["a", "b"]))  # Literal['a', 'b']
reveal_type(engine.complete("x", schema=Person))  # Completion[Person]
reveal_type(engine.complete("x", schema=Person).value.name)  # str
reveal_type(engine.complete("x", choice=["a", "b"]))  # Completion[Literal['a', 'b']]
reveal_type(engine.complete("x", choice=Colour))  # Completion[Colour]
reveal_type(engine.complete("x", regex="a").value)  # str
reveal_type(engine.complete("x", template="{a}"))  # Completion[dict[str, str]]
reveal_type(engine.complete("x", table=cg.sudoku("." * 16)).value)  # list[list[Any]]
reveal_type(engine.complete("x"))  # Completion[str]
reveal_type(engine.complete(cg.Request("x", schema=Person)))  # Completion[Any]
reveal_type(engine.batch([cg.Request("x")]))  # list[Completion[Any]]
reveal_type(engine.batch([{"prompt": "x"}], errors="return"))  # list[Completion[Any] | CanvasgenError]


def maybe(pattern: str | None, options: Sequence[str]) -> None:
    reveal_type(cg.generate("x", regex=pattern))  # Any
    reveal_type(cg.generate("x", choice=options))  # str


def either() -> Literal["a", "b"]:
    return cg.generate("x", choice=["a", "b"])


def whole(done: cg.Completion[Person]) -> cg.Completion[BaseModel]:
    assert_type(done.value, Person)
    return done


cg.generate("x", shema=Person)  # error: reportCallIssue
cg.generate("x", schema=Person, max_token=3)  # error: reportCallIssue
cg.generate("x", regex=3)  # error: reportArgumentType
cg.generate("x", regex="a", seed="1")  # error: reportArgumentType
engine.complete("x", regexp="a")  # error: reportCallIssue
engine.generate("x", regex="a", model="tiny")  # error: reportCallIssue
engine.stream("x", temprature=0)  # error: reportCallIssue
cg.Request("x", shema=Person)  # error: reportCallIssue

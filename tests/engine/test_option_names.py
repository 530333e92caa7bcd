"""The options of a generation: the same names everywhere, and a wrong one is loud before the model is loaded."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

import canvasgen as cg
from canvasgen.errors import CanvasgenError, UnknownOption
from canvasgen.request import Options


def names_of_request() -> set[str]:
    return {one.name for one in fields(cg.Request)} - {"prompt"}


def test_the_types_of_options_name_the_fields_of_a_request() -> None:
    assert Options.__optional_keys__ == names_of_request()


def test_help_shows_the_options_of_generate() -> None:
    assert set(inspect.signature(cg.generate).parameters) == {"prompt", "model", *names_of_request()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: cg.Request("x", shema=int), "did you mean 'schema'"),
        (lambda: cg.generate("x", model="/nowhere", regexp="a"), "did you mean 'regex'"),
        (lambda: cg.generate("x", model="/nowhere", foo="a"), "the options are schema, regex"),
        (lambda: cg.load().complete("x", max_token=1), "did you mean 'max_tokens'"),
        (lambda: cg.load().generate("x", model="tiny"), "canvasgen.load"),
        (lambda: cg.load().stream("x", temprature=0), "did you mean 'temperature'"),
        (lambda: cg.load().batch([{"promt": "x"}]), "did you mean 'prompt'"),
        (lambda: cg.load().complete(cg.Request("x"), seed=1), "dataclasses.replace"),
    ],
)
def test_an_unknown_option_is_loud(call: Callable[[], Any], hint: str) -> None:
    with pytest.raises(UnknownOption, match=hint) as caught:
        call()
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, CanvasgenError)


def test_a_request_is_copied_and_replaced_like_any_dataclass() -> None:
    request = cg.Request("x", regex="a", seed=3)
    assert copy.deepcopy(request) == pickle.loads(pickle.dumps(request)) == request
    assert replace(request, seed=4) == cg.Request("x", regex="a", seed=4)
    assert inspect.signature(cg.Request).parameters["seed"].kind is inspect.Parameter.KEYWORD_ONLY

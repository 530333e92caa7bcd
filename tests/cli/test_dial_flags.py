"""`--quality` and `--target-ms` reach the request as it checks them."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest

from canvasgen.cli.options import quality_of
from canvasgen.errors import InvalidConstraint
from canvasgen.request import check_settings

ARGUMENTS = {
    "generate": ("x",),
    "edit": ("Ann lives in Rome.", "x", ["Rome"]),
    "fill": ("Dear {name}", "x"),
}


@pytest.mark.parametrize(
    ("text", "value"), [(None, None), ("fast", "fast"), ("0.25", 0.25), ("1", 1.0), ("quick", "quick")]
)
def test_a_quality_is_a_number_or_a_name(text, value):
    assert quality_of(text) == value


@pytest.mark.parametrize("name", ARGUMENTS)
def test_they_reach_the_request(name, monkeypatch):
    command = importlib.import_module(f"canvasgen.cli.{name}")
    asked = []

    def complete(request, *_, **__):
        asked.append(check_settings(request))
        return SimpleNamespace(text="", value={"text": "", "name": ""})

    monkeypatch.setattr(command, "complete", complete)
    call = getattr(command, name)
    call(*ARGUMENTS[name], quality="0.25")
    call(*ARGUMENTS[name], target_ms=150.0)
    assert [(one.quality, one.target_ms) for one in asked] == [(0.25, None), (None, 150.0)]
    with pytest.raises(InvalidConstraint, match="quality"):
        call(*ARGUMENTS[name], quality="quick")
    with pytest.raises(InvalidConstraint, match="exclude each other"):
        call(*ARGUMENTS[name], steps=2, target_ms=150.0)

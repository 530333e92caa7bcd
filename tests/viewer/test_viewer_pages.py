"""Pages without a browser: what is in the file, and that no text of a trace is markup in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from made_traces import HOSTILE, hostile_trace, made_trace

import canvasgen as cg
from canvasgen.automata import DFA, literal, to_dfa
from canvasgen.errors import ConstraintTooLarge, InvalidTrace
from canvasgen.notes import Note
from canvasgen.viewer import ConstraintInNotebook, automaton_lines, automaton_svg
from canvasgen.viewer.page_builder import SCRIPTS, VENDORED


class Elements(HTMLParser):
    """The elements of a page, and the text of each script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.is_script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.is_script = tag == "script"
        if self.is_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.is_script = False

    def handle_data(self, data: str) -> None:
        if self.is_script:
            self.scripts[-1] += data


def test_a_page_needs_nothing_else() -> None:
    page = made_trace().to_html()
    found = Elements(page)
    assert not {"link", "img", "iframe", "object", "base"} & set(found.tags)
    assert not [value for name, value in found.attributes if name in ("src", "href", "action")]
    assert found.tags.count("script") == 2
    assert "url(" not in page.split("<script")[0]


def test_the_policy_lets_only_the_pages_script_run() -> None:
    page = made_trace().to_html()
    script = Elements(page).scripts[-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page


def test_hostile_texts_are_data() -> None:
    plain, hostile = (
        Elements(made_trace().to_html(title="x")),
        Elements(hostile_trace().to_html(title=HOSTILE)),
    )
    assert plain.tags == hostile.tags
    assert not [name for name, _ in hostile.attributes if name.startswith("on")]
    data = json.loads(zlib.decompress(base64.b64decode(hostile.scripts[0])))
    assert data[0]["prompt"] == HOSTILE


def test_the_scripts_put_no_markup_into_the_page() -> None:
    own = "".join(files("canvasgen.viewer").joinpath("page", name).read_text("utf-8") for name in SCRIPTS)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|fetch\(", own
    )
    for name in (*SCRIPTS, *VENDORED):
        folder = "vendored" if name in VENDORED else "page"
        assert "</script" not in files("canvasgen.viewer").joinpath(folder, name).read_text("utf-8")


def test_a_long_trace_is_less_than_a_megabyte() -> None:
    assert len(made_trace(256, 48).to_html().encode()) < 1_000_000


def test_several_traces_and_completions() -> None:
    page = cg.traces_html([made_trace(), made_trace(seed=1)], title="two & more")
    assert len(json.loads(zlib.decompress(base64.b64decode(Elements(page).scripts[0])))) == 2
    assert "<title>two &amp; more</title>" in page
    for wrong in ([], [3], "abc", 3, made_trace()):
        with pytest.raises(InvalidTrace):
            cg.traces_html(wrong)  # type: ignore[arg-type]


def test_what_is_vendored_is_what_the_list_says() -> None:
    folder = files("canvasgen.viewer").joinpath("vendored")
    listed = json.loads(folder.joinpath("vendored.json").read_text("utf-8"))
    for package in listed:
        for name, digest in package["files"].items():
            assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest, name
        assert package["licence_file"] in package["files"]
    named = {name for package in listed for name in package["files"]} | {"vendored.json"}
    assert {item.name for item in folder.iterdir()} == named


# Notebooks and small automata.


def test_a_completion_in_a_notebook() -> None:
    done = cg.Completion(
        [["<b>", 2], [3, None]], "<i>", (1,), -0.5, probabilities={"a<": {"<x>": 0.25}}, steps=(2,)
    )
    shown = done._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "&lt;x&gt;" in shown
    assert "25.0 %" in shown
    assert not re.search(r"<(b|i|x)>", shown)
    assert "<pre" in cg.Completion("<i>", "<i>", (1,), -0.5)._repr_html_()


def test_a_constraint_in_a_notebook() -> None:
    shown = cg.regex("<[a-c]{2}>")._repr_html_()
    assert "<svg" in shown
    assert "4 transitions" in shown
    assert "&lt;" in shown
    large = cg.json_schema({"type": "object", "properties": {"a": {"type": "string"}}})._repr_html_()
    assert "<svg" not in large
    assert "departure" in large


def test_a_constraint_without_an_automaton_says_so() -> None:
    class Large(ConstraintInNotebook):
        @property
        def automaton(self) -> DFA:
            raise ConstraintTooLarge("more than <1> states", rule="max_states")

        def explain(self) -> tuple[Note, ...]:
            return tuple(Note("annotation", str(at)) for at in range(200))

    shown = Large()._repr_html_()
    assert "no automaton: more than &lt;1&gt; states" in shown
    assert "100 more" in shown


def test_a_posterior_in_a_notebook() -> None:
    import numpy as np

    vocabulary = cg.Vocabulary([b"a", b"b", b"c", None], end_ids=[3])
    posterior = cg.regex("ab").compile(vocabulary).condition(np.zeros((4, 4), dtype=np.float32))
    shown = posterior._repr_html_()
    assert shown.count("<tr>") == 5
    assert "1 (1.000)" in shown
    assert "yes" in shown


def test_pictures_of_automata() -> None:
    automaton = to_dfa(literal(b"a b"))
    assert automaton_lines(automaton) == ["   0  ─a→ 1", "   1  ─␣→ 2", "   2  ─b→ 3", "  (3)"]
    loop = cg.regex("[a-c]+").automaton
    assert automaton_lines(loop) == ["   0  ─a–c→ 1", "  (1) ─a–c→ 1"]
    svg = automaton_svg(loop)
    assert svg is not None
    assert svg.count("<circle") == 3
    large = cg.regex("a{40}").automaton
    assert automaton_lines(large) == []
    assert automaton_svg(large) is None
    quoted = automaton_svg(cg.regex('[<&"]').automaton)
    assert quoted is not None
    assert "&lt;" in quoted
    assert "<&" not in quoted


def test_a_page_of_an_older_file(tmp_path: Path) -> None:
    made_trace().save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!doctype html>")

"""The page as a person meets it, in Chromium: `make test-viewer`. Skipped where there is no Playwright or no browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_traces import HOSTILE, hostile_trace, made_trace

import canvasgen as cg
from canvasgen.errors import ValidationFailed
from canvasgen.trace import Candidates, PlaceName

playwright = pytest.importorskip("playwright.sync_api", reason="the environment of `make test-viewer` has it")


class Opened:
    """A page that was opened from a file, and what its console said."""

    def __init__(self, browser: Any, file: Path, **context: Any) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        made = browser.new_context(viewport={"width": 1200, "height": 900}, **context)
        self.page = made.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]")

    @property
    def step(self) -> str:
        return self.page.locator(".controls output").inner_text()

    def close(self) -> None:
        """Close it; nothing was complained about, and nothing else was fetched."""
        self.page.context.close()
        assert self.said == []
        assert len(self.asked) == 1


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    pages: list[Opened] = []

    def open_page(*traces: cg.Trace, **context: Any) -> Opened:
        file = tmp_path / f"{len(pages)}.html"
        file.write_text(cg.traces_html(traces), encoding="utf-8")
        pages.append(Opened(browser, file, **context))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


def test_slider_keys_and_play(opened: Any) -> None:
    one = opened(made_trace(20, 6))
    page = one.page
    assert one.step == "step 6 of 6"
    page.keyboard.press("ArrowLeft")
    assert one.step == "step 5 of 6"
    page.keyboard.press("Home")
    assert one.step == "step 1 of 6"
    page.locator("#step").focus()
    page.keyboard.press("ArrowRight")
    assert one.step == "step 2 of 6"
    page.get_by_role("button", name="Play").click()
    playwright.expect(page.locator(".controls output")).to_have_text("step 6 of 6")
    page.get_by_role("button", name="Play").wait_for()
    page.get_by_role("button", name="Play").click()  # from the beginning
    page.get_by_role("button", name="Pause").click()
    assert "step 6" in page.locator("[role=status]").inner_text() or one.step != "step 6 of 6"


def test_tokens_by_mouse_and_keyboard(opened: Any) -> None:
    trace = made_trace(20, 6)
    page = opened(trace).page
    tokens = page.locator("[role=option]")
    assert tokens.count() == 20
    tokens.nth(7).hover()
    assert page.locator(".position h3").inner_text().startswith("Position 7:")
    assert page.locator(".candidates table").count() == 2
    page.locator("[role=listbox]").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".position h3").inner_text().startswith("Position 8:")
    active = page.locator("[role=listbox]").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    states = {"8": "noise", "9": "accepted", "a": "forced", "b": "forced"}
    for at, mark in enumerate(trace.steps[-1].marks):
        assert states[mark] in (tokens.nth(at).get_attribute("class") or "").split()
    page.get_by_label("Colour by").select_option("entropies")
    assert page.locator(".token.heat").count() == 20


def test_the_figures_are_those_of_the_trace(opened: Any) -> None:
    trace = made_trace(12, 4)
    page = opened(trace).page
    page.get_by_text("Figures by step").click()
    rows = page.locator(".curves details tbody tr")
    assert rows.count() == 4
    told = rows.nth(2).locator("td").all_inner_texts()
    step = trace.steps[2]
    assert told[0] == f"{step.mean_entropy:.4f}"
    assert told[1] == f"{step.log_partition:.3f}".replace("-", "−")
    assert page.locator("figure canvas").count() == 3
    widths = page.eval_on_selector_all(
        "figure canvas", "all => all.map((one) => one.getBoundingClientRect().right)"
    )
    assert max(widths) <= 1200
    page.locator("figure .u-over").first.click(position={"x": 2, "y": 20})
    assert page.locator(".controls output").inner_text() == "step 1 of 4"


def test_sixteen_canvases(opened: Any) -> None:
    one = opened(made_trace(16, 2, 16))
    assert one.step == "step 32 of 32"
    assert one.page.locator(".committed .block").count() == 15
    one.page.keyboard.press("Home")
    assert one.page.locator(".committed .block").count() == 0
    assert one.page.locator(".canvas > h3").inner_text() == "Canvas 1, step 1"


def test_several_runs_and_their_difference(opened: Any) -> None:
    first, second = made_trace(8, 2, seed=1), made_trace(8, 3, seed=2)
    page = opened(first, second, made_trace(8, 3, seed=2)).page
    assert page.locator("article").count() == 3
    sides = page.locator(".sides pre")
    assert sides.nth(0).inner_text().replace("⏎\n", "\n") == first.text
    assert sides.nth(1).inner_text() == second.text
    assert page.locator("del").count() > 0
    page.get_by_label("first").select_option("1")
    page.get_by_label("second").select_option("2")
    assert page.locator("ins, del").count() == 0
    assert "the same" in page.locator(".sides .note").inner_text()


def test_a_narrow_window_shows_all_of_several_runs(opened: Any) -> None:
    named = PlaceName(kind="hole", name="many_words")
    trace = made_trace(120, 2, words=("word ",))
    trace = trace.model_copy(update={"places": (named,), "constraint": None})  # its run has a longer name
    page = opened(trace, trace).page
    names = page.locator(".values tbody th[scope=row]").first
    assert names.inner_text() == "many_words"
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert names.evaluate("one => one.getBoundingClientRect().width") > 60


def test_only_the_models_own_candidates_are_struck_through(opened: Any) -> None:
    trace = made_trace(8, 3)
    step = trace.steps[-1]
    others = Candidates(counts=(1,) * 8, ids=(3,) * 8, log_probs=(0,) * 8)
    own = Candidates(counts=(1,) * 8, ids=(2,) * 8, log_probs=(0,) * 8)
    changed = step.model_copy(update={"model": own, "allowed": others})
    page = opened(trace.model_copy(update={"steps": (*trace.steps[:-1], changed)})).page
    tables = page.locator(".candidates table")
    assert tables.nth(0).locator(".gone").count() == 1
    assert "not among those that are left" in tables.nth(0).inner_text()
    assert tables.nth(1).locator(".gone").count() == 0


def test_a_table_is_a_grid(opened: Any) -> None:
    done = cg.load("sudoku").complete(
        constraint=cg.sudoku("1..." + "." * 12, unique=False), seed=1, trace="full"
    )
    page = opened(done.as_trace()).page
    cells = [row.split() for row in page.locator("table.grid tbody tr").all_inner_texts()]
    assert [list(map(int, row[1:])) for row in cells] == done.value
    assert page.locator("table.grid .given").all_inner_texts() == ["1"]
    assert page.locator("table.grid td.left").count() == 8


def test_light_dark_and_print(opened: Any, tmp_path: Path) -> None:
    page = opened(made_trace(30, 3), color_scheme="dark").page
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.get_by_role("button", name="Light / dark").click()
    light = page.evaluate(paper)
    assert dark != light == "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible()
    assert page.locator("article").is_visible()
    page.pdf(path=tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").stat().st_size > 5_000


def test_hostile_texts_stay_texts(opened: Any) -> None:
    one = opened(hostile_trace(), hostile_trace())
    for _ in range(4):
        one.page.keyboard.press("ArrowLeft")
    for at in range(12):
        one.page.locator("article >> nth=0").locator("[role=option]").nth(at).hover()
    assert one.page.title() == "canvasgen: how the text formed"
    assert one.page.locator("img, iframe").count() == 0
    assert one.page.locator("script").count() == 2
    assert HOSTILE[:40] in one.page.locator(".prompt").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened: Any, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened(made_trace(30, 3, 2), made_trace(30, 3, seed=4), color_scheme=scheme).page
    page.keyboard.press("ArrowLeft")
    closed = page.locator("details:not([open]) > summary")
    while closed.count():
        closed.first.click()
    page.evaluate("scrollTo(0, 0)")
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == []


def test_a_long_trace_is_drawn_once_and_moves_by_reuse(opened: Any) -> None:
    """Work is counted, not time: one element per token, reused from step to step."""
    page = opened(made_trace(256, 48)).page
    page.evaluate("window.first = document.querySelector('[role=option]')")
    page.evaluate(
        "window.added = 0; new MutationObserver((all) => { for (const one of all) window.added += one.addedNodes.length; })"
        ".observe(document.querySelector('[role=listbox]'), { childList: true })"
    )
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(100)
    assert page.evaluate("window.first === document.querySelector('[role=option]')")
    assert page.evaluate("window.added") <= 20
    paints = page.evaluate(
        "performance.getEntriesByType('paint').map((one) => [one.name, Math.round(one.startTime)])"
    )
    print("paints in ms:", paints, "ready:", page.evaluate("Math.round(performance.now())"))


def test_steps_alone_with_sources_and_a_failure(browser: Any, tmp_path: Path) -> None:
    engine = cg.load()
    done = engine.complete(
        "name: Ann <Lee>", schema={"type": "string", "pattern": "Ann"}, grounded=True, seed=0
    )
    (tmp_path / "steps.html").write_text(done.to_html(), encoding="utf-8")
    one = Opened(browser, tmp_path / "steps.html")
    assert one.page.locator("[role=option]").count() > 1
    assert "steps alone" in one.page.locator(".facts").inner_text()
    assert one.page.get_by_label("Colour by").locator("option").all_inner_texts() == ["state"]
    assert one.page.locator("section[aria-label=Sources] mark").inner_text().startswith("Ann")
    one.close()

    def never(text: str) -> bool:
        raise ValueError(f"<b>{text}</b>")

    options: Any = {
        "regex": "[ab]",
        "validators": [never],
        "max_tokens": 4,
        "max_denoising_steps": 2,
        "seed": 1,
    }
    with pytest.raises(ValidationFailed) as caught:
        engine.complete("ab", trace="full", on_step_limit="return", **options)
    (tmp_path / "failed.html").write_text(caught.value.trace.to_html(), encoding="utf-8")
    two = Opened(browser, tmp_path / "failed.html")
    assert two.page.locator(".facts").inner_text().startswith("failed: ")
    assert "<b>a</b>" in two.page.locator(".events").inner_text()
    two.close()

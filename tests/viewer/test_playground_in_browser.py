"""The playground as a person meets it, in Chromium, on `canvasgen serve` with the embedded model: `make test-viewer`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from canvasgen.viewer import playground_page

playwright = pytest.importorskip("playwright.sync_api", reason="the environment of `make test-viewer` has it")


@pytest.fixture(scope="module")
def server(browser: Any) -> Iterator[str]:
    """The address of a server."""
    del browser  # where there is none, there is no server either
    command = [sys.executable, "-c", "from canvasgen.cli import main; main()", "serve", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    told = next((found for line in process.stderr if (found := re.search(r"http://[^/\s]+", line))), None)
    assert told is not None
    rest = threading.Thread(target=process.stderr.read, daemon=True)  # so that its log does not fill the pipe
    rest.start()
    yield f"{told[0]}/"
    process.terminate()
    process.wait(timeout=300)
    rest.join()


class Playground:
    """The page, and what its console said."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.said: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.context = browser.new_context(viewport={"width": 1300, "height": 900}, **context)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.context.new_page()
        self.page.set_default_timeout(120_000)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda one: one.post_data and self.bodies.append(json.loads(one.post_data)))
        self.page.goto(address)
        self.page.wait_for_selector("html[data-ready=yes]")

    def ask(self, **fields: str) -> None:
        """Fill in fields, ask, and wait for the end."""
        for name, value in fields.items():
            control = self.page.locator(f"#{name}")
            if control.evaluate("one => one.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        self.page.get_by_role("button", name="Generate").click()
        playwright.expect(self.page.get_by_role("button", name="Stop")).to_be_disabled(timeout=120_000)

    @property
    def title(self) -> str:
        return self.page.locator("section.panel > .hint").first.inner_text()

    @property
    def canvas(self) -> str:
        return self.page.locator("#canvas").inner_text()

    def copied(self, button: str) -> str:
        self.page.get_by_role("button", name=button).click()
        playwright.expect(self.page.locator("form [role=status]")).to_contain_text("copied")
        return self.page.evaluate("navigator.clipboard.readText()")


@pytest.fixture
def playground(browser: Any, server: str) -> Iterator[Playground]:
    one = Playground(browser, server)
    yield one
    one.context.close()
    assert [line for line in one.said if "400 (Bad Request)" not in line] == []


def test_the_first_example_and_its_code(playground: Playground, server: str) -> None:
    playground.ask(seed="1")
    value = json.loads(playground.canvas)
    assert list(value) == ["name", "age", "city"]
    assert " step" in playground.title
    body = playground.bodies[-1]
    assert body["stream"] is True
    assert body["canvasgen"] == {"drafts": True}
    namespace: dict[str, Any] = {}
    exec(playground.copied("Copy as Python"), namespace)
    assert namespace["done"].value == value
    curl = playground.copied("Copy as curl")
    sent = json.loads(curl.partition("--data-binary '")[2].rpartition("'")[0].replace("'\\''", "'"))
    assert sent["response_format"] == body["response_format"]
    assert "stream" not in sent
    openai = playground.copied("Copy as openai client")
    compile(openai, "openai", "exec")
    assert "response_format={" in openai
    assert "seed=1" in openai


def test_every_kind_has_an_example_that_works(playground: Playground) -> None:
    for kind in playground.page.locator("#kind option").evaluate_all("all => all.map(one => one.value)"):
        playground.page.locator("#kind").select_option(kind)
        if kind == "sudoku":
            playground.page.locator("#examples").select_option("4 x 4")
        playground.ask(seed="1", max_tokens="32" if kind == "none" else "")
        assert playground.title.split(" ")[0] in ("complete", "oscillation", "step_limit", "unclosed"), (
            kind,
            playground.title,
        )
        if kind in ("sudoku", "table"):
            assert playground.page.locator("table.grid tr").count() == 4
        compile(playground.copied("Copy as Python"), kind, "exec")


def test_probabilities_are_shown(playground: Playground) -> None:
    playground.page.locator("#probabilities").check()
    playground.ask(kind="choice", seed="1")
    rows = playground.page.locator("table.shares tbody tr")
    assert rows.count() == 3
    assert sum(float(text.split("%")[0].split()[-1]) for text in rows.all_inner_texts()) == pytest.approx(
        100, abs=1
    )


def test_errors_are_told_at_their_place(playground: Playground) -> None:
    wrong = '{"type": "object",\n "properties": {"age": {"type": "integr"}}}'
    playground.ask(constraint=wrong)
    problem = playground.page.locator("#constraint-problem").inner_text()
    assert problem.startswith("$.properties.age")
    chosen = playground.page.evaluate(
        "(one => one.value.slice(one.selectionStart, one.selectionEnd))(document.querySelector('#constraint'))"
    )
    assert "integr" in chosen
    assert len(chosen) < len(wrong)
    playground.page.locator("#constraint").fill("{")
    assert "no JSON yet" in playground.page.locator("#constraint-problem").inner_text()
    playground.page.get_by_role("button", name="Generate").click()
    assert playground.page.evaluate("document.activeElement.id") == "constraint"
    playground.ask(kind="regex", constraint="(a")
    assert playground.page.locator("#constraint-problem").inner_text()


def test_a_link_brings_everything_back(playground: Playground, browser: Any, server: str) -> None:
    hostile = "</script><img src=x onerror=alert(1)>é"
    playground.page.locator("#kind").select_option("template")
    playground.page.locator("#key").evaluate("one => one.value = 'secret'")
    playground.page.locator("#prompt").fill(hostile)
    playground.page.locator("#seed").fill("7")
    link = playground.copied("Copy link")
    assert "secret" not in link
    other = Playground(browser, link)
    assert other.page.locator("#prompt").input_value() == hostile
    assert other.page.locator("#kind").input_value() == "template"
    assert other.page.locator("#seed").input_value() == "7"
    assert other.page.locator("#key").input_value() == ""
    assert other.page.locator("img").count() == 0
    broken = Playground(browser, f"{server}#p=abc")
    assert "cannot be read" in broken.page.locator("form [role=status]").inner_text()
    for one in (other, broken):
        one.context.close()
        assert one.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_here(browser: Any, server: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    one = Playground(browser, server, color_scheme=scheme)
    one.page.locator("#probabilities").check()
    one.ask(kind="choice", seed="1")
    one.page.locator("details summary").click()
    found = Axe().run(one.page).response["violations"]
    serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in serious] == []
    one.context.close()


def test_the_page_is_one_file() -> None:
    page = playground_page()
    assert "connect-src 'self'" in page
    assert page.count("<script") == 1
    assert len(page) < 100_000

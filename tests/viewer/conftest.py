"""A browser for the tests that need one; they are skipped where there is no Playwright or no Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the environment of `make test-viewer` has it"
    )
    chromium = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if chromium is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as started:
        one = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield one
        one.close()

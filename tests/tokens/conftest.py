from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from canvasgen.tokens import clear_memory


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every test has a cache folder of its own and starts with nothing in memory."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CANVASGEN_CACHE", str(folder))
    clear_memory()
    yield folder
    clear_memory()

"""One engine and one server for all tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import operator_checks
import pytest
from fastapi.testclient import TestClient

import canvasgen as cg
from canvasgen.serve.routes.application import create_app
from canvasgen.serve.settings import ServeSettings


@pytest.fixture(scope="session")
def engine() -> cg.Engine:
    return cg.load()


@pytest.fixture(scope="session")
def client(engine: cg.Engine) -> Iterator[TestClient]:
    settings = ServeSettings(
        name="tiny",
        compilers=1,
        validators={"short": operator_checks.is_short},
        prompt_characters=5000,
        deadline=3600,  # the machine may be slow
    )
    with TestClient(create_app(engine, settings), raise_server_exceptions=False) as made:
        yield made

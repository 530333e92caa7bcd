"""JSONSchemaBench as a ratchet, where its data is at hand; and how an engine is judged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import baseline
import bench
import pytest


class Toy:
    """An "engine" that takes the texts that the schema lists."""

    def compile(self, schema: Any) -> tuple[Any, dict[str, Any]]:
        if isinstance(schema, str):
            raise bench.Refusal(schema, "no")
        return schema, {"states": len(schema)}

    def matches(self, constraint: Any, text: str) -> bool:
        return text in constraint

    generates = matches

    def lift(self, constraint: Any) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("schema", "valid", "invalid", "outcome"),
    [
        (["1", "2"], [1, 2], [3], bench.PASS),
        (["1"], [1, 2], [3], bench.REFUSED),
        (["1", "3"], [1, 2], [3], bench.INVALID),
        ("Unsatisfiable", [], [3], bench.PASS),
        ("Unsatisfiable", [1], [3], "Unsatisfiable"),
        ("UnsupportedConstraint", [], [3], "UnsupportedConstraint"),
    ],
)
def test_outcomes(
    schema: Any, valid: list[int], invalid: list[int], outcome: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = [{"data": data, "valid": True} for data in valid]
    tests += [{"data": data, "valid": False} for data in invalid]
    bench.judge(Toy(), {"schema": schema, "tests": tests})
    compiled, found = map(json.loads, capsys.readouterr().out.splitlines())
    assert found["outcome"] == outcome
    assert compiled["seconds"] >= 0
    assert found["valid"] == len(valid)
    assert found["taken"] == found["generated"] == len([x for x in valid if str(x) in schema])


@pytest.mark.slow
@pytest.mark.skipif(bench.VARIABLE not in os.environ, reason=f"{bench.VARIABLE} does not name the data")
def test_ratchet() -> None:
    listed: dict[str, Any] = json.loads(baseline.BENCH.read_text(encoding="utf-8"))
    results = bench.run("canvasgen", bench.read_bench(Path(os.environ[bench.VARIABLE])), 2)
    names = {found["name"]: found["outcome"] for found in results if found["outcome"] != bench.PASS}
    assert baseline.differences(names, listed["names"]) == []
    if "sample_of" in listed:
        return  # only what does not pass can be compared
    assert listed["schemas"] == len(results)
    counted = bench.summary(results)
    assert counted == {key: listed[key] for key in counted}

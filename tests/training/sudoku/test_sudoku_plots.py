"""Pictures from what training and evaluation write."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from canvasgen.training.sudoku.chart import Panel, Series, draw
from canvasgen.training.sudoku.plots import givens_chart, loss_chart, main, thinned, wilson

LOG = [
    {
        "step": step,
        "seconds": step * 1.5,
        "puzzles": 40 * step,
        "norm": 1.0,
        "loss": 10 / step,
        "blank_loss": 12 / step,
        "right_4": 0.5,
        "right_6": 0.5,
        "right_9": step / 60,
    }
    for step in range(1, 61)
] + [
    {
        "step": 60,
        "seconds": 90.0,
        "puzzles": 2400,
        "held_out": {"9/40": {"solved": 0.5}, "4/5": {"solved": 1.0}},
    },
]
EVALUATION = [
    {"size": 9, "givens": [low, low + 4], "start": start, "steps": steps, "count": 50, "solved": low}
    for low in (23, 28, 33)
    for start in ("noise", "givens")
    for steps in (1, 4, 48)
]


def texts(picture: str) -> list[str]:
    return [
        one.text or "" for one in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_pictures_say_what_they_show() -> None:
    found = texts(loss_chart(thinned(LOG)))
    assert {"Training loss", "9 x 9, 40 givens", "4 x 4, 5 givens", "puzzles seen (thousands)"} <= set(found)
    found = texts(givens_chart(EVALUATION))
    assert {"1 step", "4 steps", "48 steps", "23-27", "noise, 48 steps", "givens, 48 steps"} <= set(found)


def test_thinned_logs_are_means() -> None:
    lines = thinned(LOG)
    assert [line["step"] for line in lines] == [20, 40, 60, 60]
    assert lines[0]["right_9"] == pytest.approx(10.5 / 60, abs=1e-4)
    assert lines[-1] == LOG[-1]


def test_points_are_where_they_belong() -> None:
    picture = draw([Panel("t", "x", "y", [Series("s", [(0.0, 0.0), (10.0, 1.0)])])])
    circles = [
        (float(one.get("cx", "")), float(one.get("cy", "")))
        for one in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}circle")
    ]
    (left, low), (right, high) = circles
    assert left < right
    assert low > high, "y grows downwards in SVG"


def test_wilson() -> None:
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert wilson(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-3)


def test_files(tmp_path) -> None:
    log, evaluation = tmp_path / "log.jsonl", tmp_path / "evaluation.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in LOG), encoding="utf-8")
    evaluation.write_text("".join(json.dumps(line) + "\n" for line in EVALUATION), encoding="utf-8")
    main(log, evaluation, tmp_path / "images", tmp_path / "data" / "thin.jsonl")
    first = (tmp_path / "images" / "sudoku-loss.svg").read_text(encoding="utf-8")
    main(tmp_path / "data" / "thin.jsonl", evaluation, tmp_path / "images", None)
    assert (tmp_path / "images" / "sudoku-loss.svg").read_text(encoding="utf-8") == first
    assert (tmp_path / "images" / "sudoku-accuracy-by-givens.svg").exists()

"""A type checker finds the types that `revealed.py` states, and reports its wrong calls and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STATED = HERE / "revealed.py"


@pytest.mark.slow
def test_the_checker_finds_the_stated_types_and_errors(tmp_path: Path) -> None:
    settings = {
        "include": [str(STATED)],
        "extraPaths": [str(HERE.parents[1])],
        "pythonVersion": "3.11",
        "typeCheckingMode": "standard",
    }
    project = tmp_path / "pyrightconfig.json"
    project.write_text(json.dumps(settings), encoding="utf-8")
    command = ["basedpyright", "--pythonpath", sys.executable, "--outputjson", "--project", str(project)]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, timeout=600)
    types: dict[int, str] = {}
    rules: defaultdict[int, set[str]] = defaultdict(set)
    for one in json.loads(done.stdout)["generalDiagnostics"]:
        line = one["range"]["start"]["line"]
        if one["severity"] == "information":
            types[line] = re.search(r' is "(.*)"$', one["message"], re.DOTALL)[1]
        else:
            rules[line].add(one["rule"])
    lines = STATED.read_text(encoding="utf-8").splitlines()
    stated = {at: line.split("  # ")[1] for at, line in enumerate(lines) if "reveal_type(" in line}
    wrong = {at: line.split("# error: ")[1] for at, line in enumerate(lines) if "# error: " in line}
    assert len(stated) > 30
    assert types == stated
    assert set(rules) == set(wrong)
    assert [at for at, rule in wrong.items() if rule not in rules[at]] == []

"""Every Python snippet of the README and every example runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SNIPPETS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def test_the_readme_has_snippets() -> None:
    assert len(SNIPPETS) >= 3


def test_readme_snippets_run_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    """One namespace for all, as for a reader who types them one after another."""
    namespace: dict[str, object] = {"__name__": "readme"}
    for snippet in SNIPPETS:
        exec(compile(snippet, "README.md", "exec"), namespace)
    capsys.readouterr()


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example_runs(example: Path) -> None:
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()

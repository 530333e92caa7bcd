"""schemathesis over the OpenAPI page: whatever is sent, there is no 500, and its run comes to its end.

schemathesis_client.py            asks the server at CANVASGEN_URL, EXAMPLES of each operation
schemathesis_client.py st ARGS    schemathesis itself, in a Python that may fail at parsing (below)
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen


def ask(url: str) -> int:
    """Return the exit code of schemathesis: 0 if it has found nothing."""
    folder = Path(tempfile.mkdtemp())
    with urlopen(url + "/openapi.json") as page:  # schemathesis itself would wait 10 seconds for it at most
        (folder / "openapi.json").write_bytes(page.read())
    command = [sys.executable, str(Path(__file__).resolve()), "st", "run", "openapi.json", "--url", url]
    command += ["--seed", "1", "--checks", "not_a_server_error", "--request-timeout", "3600"]
    command += ["--max-examples", os.environ.get("EXAMPLES", "40"), "--workers", "1"]
    command += ["--phases", "examples,coverage,fuzzing"]
    done = subprocess.run(command, text=True, capture_output=True, cwd=folder)
    print(done.stdout[-6000:], done.stderr[-2000:])
    return done.returncode


def run_st(arguments: list[str]) -> None:
    """Run schemathesis, where CPython's gh-106905 (before 3.11.8 and 3.12.2) is no end of the run.

    Hypothesis describes lambdas by parsing their source. If that happens while another tree is made, the interpreter raises
    SystemError for a right source; Hypothesis goes on from a SyntaxError.
    """
    parse = ast.parse

    def careful(*given: Any, **named: Any) -> ast.AST:
        try:
            return parse(*given, **named)
        except SystemError as error:
            raise SyntaxError(str(error)) from error

    ast.parse = careful
    from schemathesis.cli import schemathesis

    sys.argv[1:] = arguments
    schemathesis()


if sys.argv[1:2] == ["st"]:
    run_st(sys.argv[2:])
else:
    sys.exit(ask(os.environ["CANVASGEN_URL"]))

"""What a batch has done so far, on disk: a line for each finished row, in the order in which they finish.

If the process is killed, the next run reads the journal and goes on with the rows that are missing; a line that was cut off
in its middle is one of them. When all rows are there, they are written to the output in the order of the input, which then
takes its place at once, and the journal is removed.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from canvasgen.errors import InvalidConstraint
from canvasgen.serve.protocol.wire import JsonObject

__all__ = ["Journal"]

_VERSION = 1


class Journal:
    """The journal of a batch; use it as a context.

    Args:
        path: of the journal.
        facts: what the batch is: the input's digest and the options. A journal of another batch is refused.

    Attributes:
        done: by the number of a finished row, where its line begins.
        errors: by its code, how many rows have failed with it.
    """

    def __init__(self, path: Path, facts: JsonObject) -> None:
        self._path = path
        self._facts: JsonObject = {"version": _VERSION, **facts}
        self.done: dict[int, int] = {}
        self.errors: Counter[str] = Counter()
        self._end = 0
        self._read()
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(self._end)
        self._file.seek(self._end)
        if self._end == 0:
            self._write({"batch": self._facts})

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def _read(self) -> None:
        """Read what an earlier run has done.

        Raises:
            InvalidConstraint: it was another batch.
        """
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    entry = json.loads(line)
                except ValueError:
                    break
                if self._end == 0 and entry.get("batch") != self._facts:
                    raise InvalidConstraint(
                        "there is a journal of another batch: another input, or other options",
                        rule="journal",
                        value=str(self._path),
                        remedy="give --restart to begin anew, or another output",
                    )
                if "number" in entry:
                    self.done[entry["number"]] = self._end
                    self._count(entry["row"], failed=entry["failed"])
                self._end += len(line)

    def _write(self, entry: JsonObject) -> None:
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
        self._file.write(line)
        self._file.flush()
        self._end += len(line)

    def _count(self, row: JsonObject, *, failed: bool) -> None:
        if failed:
            error = row.get("error")
            self.errors[str(error.get("code")) if isinstance(error, dict) else "error"] += 1

    def add(self, number: int, row: JsonObject, *, failed: bool) -> None:
        """Keep the result of a row."""
        self.done[number] = self._end
        self._count(row, failed=failed)
        self._write({"number": number, "failed": failed, "row": row})

    def rows(self) -> Iterator[JsonObject]:
        """Yield all results in the order of the input."""
        with self._path.open("rb") as file:
            for number in sorted(self.done):
                file.seek(self.done[number])
                yield json.loads(file.readline())["row"]

    def remove(self) -> None:
        """Remove it from the disk."""
        self._file.close()
        os.unlink(self._path)

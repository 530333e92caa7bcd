"""The folder that the processes of one vLLM server share: compiled constraints, and where the workers tell their counts.

It is made by the process that loads the plugin first, with access for this user alone; the others find its name in the
environment that they inherit. Where it is not to be found (workers on other machines), a worker compiles for itself.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["make_shared_folder", "shared_folder"]

NAME = "CANVASGEN_VLLM_FOLDER"


def make_shared_folder() -> Path:
    """Return the folder; the first process makes it, and removes it at its end."""
    known = shared_folder()
    if known is not None:
        return known
    made = Path(tempfile.mkdtemp(prefix="canvasgen-vllm-"))
    os.environ[NAME] = str(made)
    atexit.register(_remove, made, os.getpid())
    return made


def shared_folder() -> Path | None:
    """Return the folder; None where there is none, or another user's."""
    name = os.environ.get(NAME)
    if not name:
        return None
    folder = Path(name)
    try:
        found = folder.stat()
    except OSError:
        return None
    is_ours = folder.is_dir() and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if is_ours else None


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # and not in a forked child
        shutil.rmtree(folder, ignore_errors=True)

"""Triton's interpreter, made quick enough for tests.

It changes the language's functions anew at every call of a device function, `tl.max` among them, although the launch has
already changed them: 1 ms each. Within a launch one change is enough.
"""

from __future__ import annotations

from typing import Any

import pytest

from canvasgen.extras import installed

__all__ = ["enter", "needs_triton"]

needs_triton = pytest.mark.skipif(
    not installed("triton"), reason="Triton is not installed (it comes with the extra `dev` on Linux, x86-64)"
)


def enter() -> None:
    """Call before a kernel runs; `TRITON_INTERPRET=1` is set in `conftest.py`."""
    try:
        import triton.language as tl
        from triton.runtime import interpreter
    except ImportError:
        return  # no triton: tests are skipped
    from canvasgen.inference.triton_backend import token_pass

    token_pass.POSITIONS = 4  # the interpreter takes its time by operations, whatever their size
    function: Any = getattr(interpreter, "InterpretedFunction", None)
    change: Any = getattr(interpreter, "_patch_lang", None)
    if function is None or change is None:
        return  # another interpreter: tests are slower
    changed = set[int]()

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen = self.fn.__globals__
        if not any(value is tl for value in seen.values()) and id(seen) not in changed:
            change(self.fn)  # triton's own functions, whose module the launch does not know
            changed.add(id(seen))
        return self.rewrite()(*args, **kwargs)

    function.__call__ = call

"""A process that compiles: it stays clean itself and forks a child for each constraint, which has limits and may die.

    server ──recipe──▶ this process ──fork──▶ child: build, compile, pack ──▶ pipe
       ◀──── "ok", "error" or "killed" and the bytes ─────┘

The child has so many CPU seconds and so much memory; whatever a schema makes it do ends there. An empty frame ends the child
that runs, the end of the input ends the process, so nothing outlives the server.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
from typing import BinaryIO

from pydantic import JsonValue

from canvasgen.errors import BudgetTooSmall, CanvasgenError, ConstraintTooLarge, Unsatisfiable
from canvasgen.limits import Limits, limited
from canvasgen.serve.compiling.frames import packed_constraint, read_frame, told_error, write_frame
from canvasgen.serve.compiling.kernel_time import SECONDS, leave_kernels_uncounted
from canvasgen.serve.own_processes import Allowed, bind, leave_signals
from canvasgen.serve.requests.building import END_OF_THOUGHTS, build
from canvasgen.serve.requests.recipe import Recipe
from canvasgen.serve.requests.thinking import THOUGHTS
from canvasgen.vocabulary import Vocabulary

__all__ = ["beyond", "compile_recipe", "main"]

_CHUNK = 1 << 20
_DEEPEST = 3000
"""Frames of Python that a compilation may nest; schemas are refused by their own depth before that."""


def compile_recipe(recipe: Recipe, vocabulary: Vocabulary, allowed: Allowed) -> bytes:
    """Return a frame's content: whether it is an error, and the constraint or the error."""
    limits = Limits(max_seconds=allowed.seconds, max_bytes=allowed.memory // 2)
    try:
        with limited(limits):  # building and compiling share one budget
            compiled = build(recipe, limits).compile(vocabulary)
        _ = compiled.most_tokens  # worked out here and not in the server
        return b"+" + packed_constraint(compiled, vocabulary)
    except CanvasgenError as error:
        return b"-" + told_error(_of_thoughts(error, recipe))
    except MemoryError:
        return b"-" + told_error(beyond("max_bytes", allowed.memory))
    except RecursionError:
        return b"-" + told_error(beyond("nesting", _DEEPEST))


def _of_thoughts(error: CanvasgenError, recipe: Recipe) -> CanvasgenError:
    """Return an error, or the one that it means: the mark behind the thoughts has no place."""
    is_near = isinstance(error, Unsatisfiable) and error.rule == "near"
    if not (is_near and recipe.thoughts) or any(kind == "near" for kind, _ in recipe.also):
        return error
    return BudgetTooSmall(
        f"thoughts end with {END_OF_THOUGHTS}, which does not fit into {recipe.thoughts} tokens",
        rule=THOUGHTS,
        value=recipe.thoughts,
        remedy=f"allow more: {len(END_OF_THOUGHTS)} are always enough",
    )


def beyond(rule: str, value: float) -> ConstraintTooLarge:
    """Return the error of a compilation that was ended from outside."""
    return ConstraintTooLarge(
        "the compilation was ended at the server's limit", rule=rule, value=value, remedy="make it smaller"
    )


def _child(job: bytes, writing: int, vocabulary: Vocabulary, allowed: Allowed) -> None:
    """Compile in a child and leave the process, whatever happens."""
    code = 1
    try:
        bind(allowed, SECONDS)
        leave_kernels_uncounted()
        sys.setrecursionlimit(_DEEPEST)
        content = compile_recipe(pickle.loads(job), vocabulary, allowed)
        with os.fdopen(writing, "wb") as file:
            file.write(content)
        code = 0
    finally:
        os._exit(code)


def _run(job: bytes, vocabulary: Vocabulary, allowed: Allowed, orders: BinaryIO) -> bytes | None:
    """Return what came of a job; None if the server has gone."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(job, writing, vocabulary, allowed)
    os.close(writing)
    content = bytearray()
    has_gone = False
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while True:
            ready, _, _ = select.select([pipe, orders], [], [])
            if orders in ready:  # an empty frame, or the end
                has_gone = read_frame(orders) is None
                os.kill(child, signal.SIGKILL)
                break
            chunk = pipe.read(_CHUNK)
            if not chunk:
                break
            content += chunk
    _, status = os.waitpid(child, 0)
    if has_gone:
        return None
    if os.waitstatus_to_exitcode(status) == 0 and content:
        return bytes(content)
    is_late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
    rule, value = ("max_seconds", allowed.seconds) if is_late else ("max_bytes", allowed.memory)
    return b"!" + told_error(beyond(rule, value))


def _warm(vocabulary: Vocabulary) -> None:
    """Compile small constraints of several kinds, so that every child finds the code ready."""
    allowed = Allowed(600.0, 1 << 32)
    schema: JsonValue = {
        "type": "object",
        "properties": {"a": {"type": "string", "maxLength": 9}, "b": {"type": "integer", "minimum": 3}},
        "required": ["a"],
    }
    for recipe in (Recipe("schema", schema), Recipe("regex", "[a-c]{2,5}"), Recipe("template", "a {b} c")):
        compile_recipe(recipe, vocabulary, allowed)


def main() -> None:
    """Compile what comes on standard input until it ends; see the module's picture."""
    leave_signals()
    orders = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whoever prints prints on standard error
    first = read_frame(orders)
    if first is None:
        return
    vocabulary, allowed = pickle.loads(first)
    _warm(vocabulary)
    write_frame(answers, b"ready")
    while (job := read_frame(orders)) is not None:
        if not job:
            continue  # an end that came too late for its job
        content = _run(job, vocabulary, allowed, orders)
        if content is None:
            return
        write_frame(answers, content)

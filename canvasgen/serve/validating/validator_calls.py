"""The operator's validators by name, called in processes; or in the judge's thread, for those who want that."""

from __future__ import annotations

import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import cast

import cloudpickle  # pyright: ignore[reportMissingTypeStubs]

from canvasgen.denoise.validators import REFUSALS, NoJudgement
from canvasgen.errors import InvalidConstraint, ModelError
from canvasgen.serve.compiling.frames import pack, read_frame
from canvasgen.serve.own_processes import Allowed, command
from canvasgen.serve.validating.validator_process import Answer, Setup

__all__ = ["Judging", "Validators"]

_dumps = cast("Callable[[object], bytes]", cloudpickle.dumps)  # pyright: ignore[reportUnknownMemberType]
_TRIES = 2
"""Calls of a validator whose process is killed from outside."""


class Validators:
    """Calls validators in children of one process, which starts with the first call or with `start`; safe for threads.

    Args:
        functions: by name.
        allowed: what one call may take.
        deadline: seconds after which a call ends whoever waits for it.

    Attributes:
        ended: calls that were ended at a limit, or by a crash.
    """

    def __init__(
        self, functions: Mapping[str, Callable[[object], object]], allowed: Allowed, *, deadline: float
    ) -> None:
        self._setup = Setup(
            tuple(sys.path), _pickled(functions), frozenset(map(_full_name, REFUSALS)), allowed, deadline
        )
        self._is_empty = not functions
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_closed = False
        self.ended = 0

    @property
    def is_closed(self) -> bool:
        """Whether nothing is called any more."""
        return self._is_closed

    def start(self) -> None:
        """Start the process, so that the first judgement does not wait for it; not if there are no validators.

        Raises:
            InvalidConstraint: the functions cannot be made there.
        """
        if not self._is_empty:
            with self._lock:
                self._is_closed = False
                self._started()

    def close(self) -> None:
        """End the process, and all that it has started; calls from here on are left."""
        with self._lock:
            self._is_closed = True
            process, self._process = self._process, None
            control, self._control = self._control, None
        if control is not None:
            control.close()
        if process is not None:
            process.wait()

    def call(self, name: str, value: object, taken: Callable[[socket.socket], None]) -> Answer | None:
        """Return what came of a call; None if the process has died or is closed, or the socket was shut.

        Args:
            name: of the validator.
            value: picklable.
            taken: called with the socket on which the answer is waited for; who shuts it ends the call.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                if not self._hand(theirs):
                    return None
            taken(ours)
            try:
                ours.sendall(pack(pickle.dumps((name, value))))
                content = read_frame(ours.makefile("rb", buffering=0))
            except OSError:  # the child has died before it has read all, or who waited has gone
                content = None
        return None if content is None else pickle.loads(content)

    def _hand(self, theirs: socket.socket) -> bool:
        """Give the process one end of a socket, which is a call; one that has died is started anew, if it is not closed."""
        with self._lock:
            for _ in range(2):
                if self._is_closed:
                    return False
                control = self._control or self._started()
                try:
                    socket.send_fds(control, [b"."], [theirs.fileno()])
                except OSError:
                    self._forget()
                else:
                    return True
        raise _died()

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                command("canvasgen.serve.validating.validator_process", str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        try:
            ours.sendall(pack(pickle.dumps(self._setup)))
            said = read_frame(ours.makefile("rb", buffering=0))
        except OSError:
            said = None
        self._control = ours
        if said == b"":
            return ours
        self._forget()
        if said is None:
            raise _died()
        raise InvalidConstraint(
            f"the validators cannot be made in a process of their own: {said.decode('utf-8', 'replace')}",
            rule="validators",
            remedy='take functions of modules that can be imported, or validators_in="threads"',
        )

    def _forget(self) -> None:
        assert self._control is not None
        assert self._process is not None
        self._control.close()
        self._process.wait()
        self._control = self._process = None


class Judging:
    """The validators as one request calls them: when it is over, so are its calls.

    Args:
        validators: of the server.
    """

    def __init__(self, validators: Validators) -> None:
        self._validators = validators
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._is_over = False

    def by_name(self, name: str) -> Callable[[object], bool]:
        """Return a validator: it returns True, raises ValueError for a value that it refuses, or NoJudgement."""
        made = partial(self._call, name)
        made.__qualname__ = name  # pyright: ignore[reportAttributeAccessIssue]
        return made

    def close(self) -> None:
        """End the calls that are under way, and all to come."""
        with self._lock:
            self._is_over = True
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _call(self, name: str, value: object) -> bool:
        answer = None
        for _ in range(_TRIES):
            answer = self._answer(name, value)
            if answer is not None:
                break
            if self._is_over or self._validators.is_closed:
                raise NoJudgement("was left, no judgement: its request is over")
        kind, said = answer or ("ended", "ended the process that called it")
        if kind == "refused":
            raise ValueError(said)
        if kind == "ended":
            self._validators.ended += 1
            raise NoJudgement(f"{said}, no judgement")
        if kind == "raised":
            raise NoJudgement(said)
        return True

    def _answer(self, name: str, value: object) -> Answer | None:
        taken: list[socket.socket] = []

        def take(one: socket.socket) -> None:
            taken.append(one)
            with self._lock:
                self._sockets.add(one)
                if self._is_over:
                    one.shutdown(socket.SHUT_RDWR)

        try:
            return self._validators.call(name, value, take)
        finally:
            with self._lock:
                self._sockets.difference_update(taken)


def _pickled(functions: Mapping[str, Callable[[object], object]]) -> bytes:
    for name, function in functions.items():
        try:
            _dumps(function)
        except Exception as error:
            raise InvalidConstraint(
                f"the validator cannot go to a process of its own: {error}",
                path=name,
                rule="validators",
                value=function,
                remedy='take a function of a module that can be imported, or validators_in="threads"',
            ) from error
    return _dumps(dict(functions))


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _died() -> ModelError:
    return ModelError(
        "the process that calls validators has died", rule="validators", remedy="send the request again"
    )

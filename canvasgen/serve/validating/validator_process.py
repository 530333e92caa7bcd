"""A process that calls validators: it stays clean itself and forks a child for each judgement, which has limits and may die.

    server ──one end of a socket──▶ this process ──fork──▶ child: reads (name, value), calls, writes what came of it
       ◀───────────── how the child ended, if it has written nothing ─────────────┘

A socket that the server has closed ends its child, and all that the child has started. The end of the control socket ends
everything, so nothing outlives the server; a child ends by its own alarm even if this process has been killed.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from canvasgen.serve.compiling.frames import pack, read_frame
from canvasgen.serve.own_processes import Allowed, bind, leave_signals

__all__ = ["Answer", "Setup", "main"]

Answer: TypeAlias = tuple[Literal["accepted", "refused", "raised", "ended"], str]
"""What came of a call, and what is said of it."""
_LONGEST = 1000
_NICE = 5


@dataclass(frozen=True)
class Setup:
    """What a process gets first.

    Attributes:
        path: where modules are found.
        functions: the validators, pickled.
        refusals: the full names of errors that refuse a value.
        allowed: what one call may take.
        alarm: seconds after which a child ends, whatever it does.
    """

    path: tuple[str, ...]
    functions: bytes
    refusals: frozenset[str]
    allowed: Allowed
    alarm: float


def judged(function: Callable[[object], object], value: object, setup: Setup) -> Answer:
    """Return what a validator says of a value."""
    try:
        verdict = function(value)
    except MemoryError:
        return "ended", _beyond_memory(setup.allowed)
    except BaseException as error:  # noqa: BLE001, told to the server
        kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
        said = str(error)[:_LONGEST]
        if kinds & setup.refusals:
            return "refused", said or type(error).__name__
        return "raised", f"raised {type(error).__name__}, no judgement: {said}"
    numpy = sys.modules.get("numpy")
    kinds = (bool,) if numpy is None else (bool, numpy.bool_)
    return ("refused", "returned False") if isinstance(verdict, kinds) and not verdict else ("accepted", "")


def ending(status: int, allowed: Allowed) -> Answer | None:
    """Return how a child ended that has said nothing; None if it came to its end.

    Args:
        status: as from `os.waitpid`.
        allowed: its limits.
    """
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return None
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "ended", f"was ended after {allowed.seconds:g} CPU seconds"
    if code == -signal.SIGALRM:
        return "ended", "was ended at the server's deadline"
    return "ended", f"ended its process ({signal.Signals(-code).name if code < 0 else f'code {code}'})"


def _beyond_memory(allowed: Allowed) -> str:
    return f"was ended beyond {allowed.memory / 1e6:g} MB of memory"


def _child(peer: socket.socket, functions: Mapping[str, Callable[[object], object]], setup: Setup) -> None:
    """Call a validator in a child and leave the process, whatever happens."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, setup.alarm)
        os.setsid()
        os.nice(_NICE)
        bind(setup.allowed)
        content = read_frame(peer.makefile("rb", buffering=0))
        if content is not None:
            try:
                name, value = pickle.loads(content)
                answer = judged(functions[name], value, setup)
            except MemoryError:
                answer = "ended", _beyond_memory(setup.allowed)
            with contextlib.suppress(Exception):
                sys.stdout.flush()
            peer.sendall(pack(pickle.dumps(answer)))
        code = 0
    except BaseException:  # noqa: BLE001, whatever it is, this process must not go on as its parent
        traceback.print_exc()
    finally:
        os._exit(code)


class _Children:
    """The children that run, each with the socket on which the server waits for it."""

    def __init__(self, functions: Mapping[str, Callable[[object], object]], setup: Setup) -> None:
        self._functions, self._setup = functions, setup
        self._peers: dict[int, socket.socket] = {}  # by the child's id

    def begin(self, peer: socket.socket, control: socket.socket) -> int:
        """Fork a child for a socket; return what to watch: the server closes its end if it wants no answer any more."""
        child = os.fork()
        if child == 0:
            control.close()
            for other in self._peers.values():
                other.close()
            _child(peer, self._functions, self._setup)
        self._peers[child] = peer
        return peer.fileno()

    def end(self, watched: int) -> None:
        """End the child of a socket that the server has closed, and what it has started."""
        for child, peer in self._peers.items():
            if peer.fileno() == watched:
                _kill(child)

    def end_all(self) -> None:
        """End all of them."""
        for child in self._peers:
            _kill(child)

    def reap(self) -> list[int]:
        """Say how children have ended; return what is not watched any more."""
        gone: list[int] = []
        while self._peers:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                break
            peer = self._peers.pop(child, None)
            if peer is None:  # a child of what the operator's modules have started
                continue
            _kill_group(child)
            gone.append(peer.fileno())
            said = ending(status, self._setup.allowed)
            with peer, contextlib.suppress(OSError):
                if said is not None:
                    peer.sendall(pack(pickle.dumps(said)))
        return gone


def _kill(child: int) -> None:
    """End a child that was not waited for yet, so that its id is still its own."""
    os.kill(child, signal.SIGKILL)
    _kill_group(child)


def _kill_group(child: int) -> None:
    """End what a child has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def main() -> None:
    """Call validators until the server goes; see the module's picture."""
    leave_signals()
    os.dup2(2, 1)  # whoever prints prints on standard error
    control = socket.socket(fileno=int(sys.argv[1]))
    first = read_frame(control.makefile("rb", buffering=0))
    if first is None:
        return
    setup: Setup = pickle.loads(first)
    sys.path.extend(folder for folder in setup.path if folder not in sys.path)
    try:
        functions: Mapping[str, Callable[[object], object]] = pickle.loads(setup.functions)
    except Exception as error:  # noqa: BLE001, of the operator's modules; told to the server
        control.sendall(pack(f"{type(error).__name__}: {error}".encode("utf-8", "replace")))
        return
    control.sendall(pack(b""))
    _serve(control, _Children(functions, setup))


def _hear(number: int, frame: object) -> None:
    """Nothing: that a signal has come is told by a byte in a pipe."""


def _serve(control: socket.socket, children: _Children) -> None:
    news, told = os.pipe()
    os.set_blocking(news, False)
    os.set_blocking(told, False)
    signal.signal(signal.SIGCHLD, _hear)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    watching = select.poll()
    watching.register(control, select.POLLIN)
    watching.register(news, select.POLLIN)
    while True:
        for watched, _ in watching.poll():
            if watched == control.fileno():
                _, given, _, _ = socket.recv_fds(control, 1, 1)
                if not given:
                    children.end_all()
                    return
                watching.register(children.begin(socket.socket(fileno=given[0]), control), 0)
            elif watched == news:
                with contextlib.suppress(BlockingIOError):
                    os.read(news, 4096)
            else:
                watching.unregister(watched)
                children.end(watched)
        for gone in children.reap():
            with contextlib.suppress(KeyError):
                watching.unregister(gone)

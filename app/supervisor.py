"""Run the processes of one machine together: they start, are watched and end as one.

The children share this process's group, as one job of the terminal. A Ctrl-C there is for this process to pass
on, as the SIGTERM that it sends to each: so it means the same as a signal to this process alone, and a child
that is still being imported does not answer with a traceback. A child that sets a handler hears Ctrl-C itself,
too. Should this process be killed, the kernel ends the children.
"""

import logging
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from app.infra.embedded import bound_to_parent

_POLL = 0.05  # seconds
_GRACE = 20.0
_ECHO = 0.3
_RESTARTS = 5
_PER = 60.0
_BACK_OFF = (0.1, 0.5, 1.0, 2.0, 4.0)
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_log = logging.getLogger("trunkline.supervisor")


class _Child:
    """A command, its process, and how often it had to be started again of late."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.name = name
        self._command = command
        self._env = env
        self._restarts: deque[float] = deque(maxlen=_RESTARTS)
        self._start_at: float | None = None
        self.start()

    def start(self) -> None:
        """Start the process; the kernel ends it should we die."""
        command = bound_to_parent(self._command, death_signal=signal.SIGTERM, deaf_to_interrupts=True)
        # Held back until the child is deaf to it; our own copy waits for us meanwhile.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            self.process = subprocess.Popen(command, env=dict(self._env), stdin=subprocess.DEVNULL)  # noqa: S603 - our own commands
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        self._start_at = None

    def exit_code(self) -> int | None:
        """Return the code as a shell would give it, None while the process runs or waits to be started again."""
        code = self.process.poll()
        if code is None or self._start_at is not None:
            return None
        return 128 - code if code < 0 else code

    def restart_later(self) -> bool:
        """Have the process started again after a pause; False when it has had its share of restarts."""
        now = time.monotonic()
        if len(self._restarts) == _RESTARTS and now - self._restarts[0] < _PER:
            return False
        recent = sum(now - at < _PER for at in self._restarts)
        self._restarts.append(now)
        self._start_at = now + _BACK_OFF[min(recent, len(_BACK_OFF) - 1)]
        return True

    def start_if_due(self) -> None:
        """Start the process again once its pause is over."""
        if self._start_at is not None and time.monotonic() >= self._start_at:
            self.start()


class _Signals:
    """The signals that ask us to stop: the first is a request, a later Ctrl-C means now."""

    def __init__(self) -> None:
        self._asked_at = 0.0
        self.asked = False
        self.hurried = False

    def note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's signature
        """Take a signal in."""
        now = time.monotonic()
        # Whoever signals the whole group has make and its like pass the same signal on: that is one request.
        if self.asked and number == signal.SIGINT and now - self._asked_at > _ECHO:
            self.hurried = True
        elif not self.asked:
            self.asked, self._asked_at = True, now

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Take signals in instead of dying of them, for a while."""
        before = {number: signal.signal(number, self.note) for number in _STOPPING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run(
    children: Mapping[str, Sequence[str]],
    env: Mapping[str, str],
    *,
    ready: Callable[[], bool] | None = None,
    on_ready: Callable[[], None] | None = None,
    alive: Callable[[], bool] | None = None,
) -> int:
    """Run the named commands until a signal, or a failure that restarting does not mend; return an exit code.

    ``ready`` is asked until it says yes, and ``on_ready`` is then called, once. A child that ends with a code
    before that cannot start at all (a taken port, a wrong setting), and everything ends with its code. A child
    that ends later, or that is killed, is started again after a pause, five times a minute at most. When
    ``alive`` says no, what all of them need is gone, and everything ends.

    To be called in the main thread. The code is 0 after a signal.
    """
    signals = _Signals()
    with signals.caught():
        running: list[_Child] = []
        try:
            running.extend(_Child(name, command, env) for name, command in children.items())
            return _watch(
                running, signals, ready or (lambda: True), on_ready or (lambda: None), alive or (lambda: True)
            )
        finally:
            _end(running, signals)


def _watch(
    running: Sequence[_Child],
    signals: _Signals,
    ready: Callable[[], bool],
    on_ready: Callable[[], None],
    alive: Callable[[], bool],
) -> int:
    """Keep the children running; return the code to end with."""
    was_ready = False
    while not signals.asked:
        if not alive():
            _log.error("the database has ended; stopping")
            return 1
        for child in running:
            child.start_if_due()
            code = child.exit_code()
            if code is not None and not _mend(child, code, was_ready):
                return code or 1
        if not was_ready and ready():
            was_ready = True
            on_ready()
        time.sleep(_POLL)
    return 0


def _mend(child: _Child, code: int, was_ready: bool) -> bool:
    """Start a child again that has ended; False when that is no use."""
    if not was_ready and child.process.returncode >= 0:
        _log.error("%s could not start (exit code %d); stopping", child.name, code)
        return False
    if not child.restart_later():
        _log.error(
            "%s ended again (exit code %d), more than %d times in a minute; stopping", child.name, code, _RESTARTS
        )
        return False
    _log.warning("%s ended (exit code %d); starting it again", child.name, code)
    return True


def _end(running: Sequence[_Child], signals: _Signals) -> None:
    """End the children: politely, and at once when time or another signal says so."""
    _send(running, signal.SIGTERM)
    limit = time.monotonic() + _GRACE
    while any(child.process.poll() is None for child in running):
        if signals.hurried or time.monotonic() > limit:
            _send(running, signal.SIGKILL)
            break
        time.sleep(_POLL)
    for child in running:
        child.process.wait()


def _send(running: Sequence[_Child], number: signal.Signals) -> None:
    for child in running:
        child.process.send_signal(number)

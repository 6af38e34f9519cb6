"""Runs of programs: threads of the one process, with the application's time limit, prompt and forms of output."""

import codeop
import contextlib
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.application import interpreter
from sandbox.application.output import Capture, Console, too_much
from sandbox.application.values import EndedError, Frame

LIMIT = 3.0  # seconds of wall time from the thread's start, looked at once
INPUT_LIMIT = 300.0  # seconds without input
COLD_CPU, COLD = 0.4, 1.3  # seconds: of CPU and in all, in the first run of a process
FOREIGN_LINE = "a line of another program\n"  # what the fault wrong-output adds
LEAVE = ("exit()", "quit()")


class Process:
    """What the runs of a process share: its standard output, and whether it is warm."""

    def __init__(self, *, spoiled: bool = False) -> None:
        """A cold one. `spoiled` is the fault wrong-output."""
        self.console, self.spoiled = Console(), spoiled
        self._warm, self._warming = False, threading.Lock()

    def warm(self) -> None:
        """Takes the time of a first run's imports; runs that start meanwhile wait for them too."""
        with self._warming:
            if not self._warm:
                started = time.monotonic()
                while time.thread_time() < COLD_CPU:
                    pass
                time.sleep(max(0.0, COLD - (time.monotonic() - started)))
                self._warm = True


class Run:
    """A program, then the prompt that it turns into. It is its program's world (values.py)."""

    def __init__(self, process: Process, number: Any, send: Callable[[dict[str, Any]], None]) -> None:
        """`send` gives the client a message; it is called in the run's thread."""
        self.ended = False
        self._process, self._number, self._send = process, number, send
        self._frame, self._inputs = Frame(self), queue.SimpleQueue[str | None]()
        self._waiting = self._over = False
        self._verdict = threading.Lock()
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._source: str | None = None
        self._release: Callable[[], None] = lambda: None

    def start(self, source: str | None = None, release: Callable[[], None] = lambda: None) -> None:
        """Starts the program, or only a prompt; `release` is called when the program has ended."""
        self._source, self._release = source, release
        self._started = time.monotonic()
        self._thread.start()

    @property
    def takes_input(self) -> bool:
        """Whether there is a program or a prompt to give input to."""
        return self._thread.is_alive() and not self.ended

    def give(self, line: str) -> None:
        """Input for the program or the prompt."""
        self._inputs.put(line)

    def stop(self, patience: float) -> None:
        """Ends it without a word to the client; waits so many seconds for its thread, which a blocking call holds."""
        with self._verdict:
            self.ended = True
        self._inputs.put(None)
        self._thread.join(patience)

    def write(self, text: str, *, error: bool = False) -> None:
        """Prints."""
        self._process.console.write(text, error=error)

    def sleep(self, seconds: float) -> None:
        """One blocking call: the thread lives on until it returns."""
        time.sleep(seconds)

    def ask(self, prompt: str) -> str:
        """Waits for a line of input, which the client is asked for before anything it printed is sent."""
        self._emit("input_request", prompt=prompt)
        line = self._next()
        if line is None:
            raise EOFError("no input")
        return line

    def _next(self) -> str | None:
        self._waiting = True
        try:
            line = self._inputs.get(timeout=INPUT_LIMIT)
        except queue.Empty:
            return None
        finally:
            self._waiting = False
        if line is None:
            raise EndedError
        return line

    def _emit(self, kind: str, **data: Any) -> None:
        self._send({"cmd_id": self._number, "type": kind, "timestamp": None, "data": data, "cmd": "repl_output"})

    def _complete(self) -> None:
        self._emit("complete", exit_code=0, duration=time.monotonic() - self._started)

    def _live(self) -> None:
        with contextlib.suppress(EndedError):
            if self._source is None or self._program(self._source):
                self._prompt()

    def _program(self, source: str) -> bool:
        """Runs the program and tells what came of it; whether a prompt follows."""
        limit = threading.Timer(LIMIT, self._limit)
        limit.daemon = True
        limit.start()
        tell: Callable[[], bool | None]
        try:
            self._process.warm()
            with self._process.console.replaced() as printed:
                interpreter.program(source)(self._frame)
            tell = partial(self._deliver, printed)
        except SystemExit:
            tell = self._complete
        except Exception as error:
            trace = _traceback(error, "program", self._frame.line)
            tell = partial(self._emit, "error", error=str(error), traceback=trace)
        finally:
            limit.cancel()
            self._release()
        return self._finish() and bool(tell())

    def _finish(self) -> bool:
        """The time limit has nothing more to say; False if the program was ended before it came to its end."""
        with self._verdict:
            self._over = True
            return not self.ended

    def _limit(self) -> None:
        """Looks once: a program that waits in input() just now has no limit any more."""
        with self._verdict:
            if self._over or self.ended or self._waiting:
                return
            self.ended = True
            text = f"Execution exceeded {LIMIT:.0f} seconds"
            self._emit("error", error=text, traceback="infinite loop or blocking call")

    def _deliver(self, printed: Capture) -> bool:
        """Sends what was held back until the end; whether a prompt follows."""
        text = FOREIGN_LINE + printed.output if self._process.spoiled else printed.output
        excess = too_much(text, time.monotonic() - self._started)
        if excess:
            self._emit("error", error="too much output", traceback=excess)
        for kind, part in (("stdout", text), ("stderr", printed.errors)):
            if part:
                self._emit(kind, text=part)
        return not excess

    def _prompt(self) -> None:
        self._emit("repl_ready", prompt=">>>")
        lines: list[str] = []
        while (line := self._next()) is not None:
            if line.strip() in LEAVE:
                self._emit("stdout", text="\nGoodbye!\n")
                return self._complete()
            lines.append(line)
            if self._enter("\n".join(lines)):
                lines.clear()
        self._emit("stdout", text="\nThe prompt was closed: no input for too long\n")
        return self._complete()

    def _enter(self, source: str) -> bool:
        """One entry at the prompt; whether it was complete."""
        with self._process.console.replaced() as printed:
            try:
                if codeop.compile_command(source) is None:
                    self._emit("stdout", text="... ")
                    return False
                interpreter.program(source, interactive=True)(self._frame)
            except EndedError:
                raise
            except Exception as error:
                printed.write(_traceback(error, "<console>", self._frame.line))
        self._guard(printed.output)
        if printed.output:
            self._emit("stdout", text=printed.output)
        self._emit("stdout", text=">>> ")
        return True

    def _guard(self, text: str) -> None:
        """At the prompt the output guard interrupts the whole process: every student's socket ends."""
        if excess := too_much(text, time.monotonic() - self._started):
            self._emit("error", error="too much output", traceback=excess)
            time.sleep(0.1)  # the application's last message still goes out
            os.kill(os.getpid(), signal.SIGINT)


def _traceback(error: Exception, file: str, line: int) -> str:
    place = f'Traceback (most recent call last):\n  File "{file}", line {line}, in <module>\n'
    return place + "".join(traceback.format_exception_only(error))

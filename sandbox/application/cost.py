"""What the application's own work costs, paid in CPU time: a faster machine is no faster application.

The figures were measured on the application itself (one process, Python 3.11, a vCPU of its own).
"""

import time

LOGIN = 0.27  # CPU-s of a password's hash, on the event loop
TURN = 0.64e-6  # CPU-s of a turn of a loop in a student's program
TURNS = 1000  # at a time


def pay(seconds: float, since: float) -> None:
    """Keep this thread computing until it has had so many CPU-s `since` a value of time.thread_time()."""
    while time.thread_time() < since + seconds:
        pass


class Turns:
    """The turns of one loop; each costs what it costs in the application, or more where it does more."""

    def __init__(self) -> None:
        """The loop begins."""
        self._since, self._count = time.thread_time(), 0

    def another(self) -> None:
        """One turn is over."""
        self._count += 1
        if self._count % TURNS == 0:
            pay(self._count * TURN, self._since)

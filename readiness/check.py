"""A check: what it reads, and the pure function that judges it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.settings import Settings
from readiness.context import Context
from readiness.row import Row

LIMIT = 4.0  # seconds


@dataclass(frozen=True)
class Check:
    """One check of `area`: `judge` gets the posture's settings and what `read` gave, and makes one or several rows.

    `name` stands for it where it has no row of its own: it was refused, or took longer than `limit` seconds. One that
    `writes` has something to clean up: the program does not end before it, not even by Ctrl-C.
    """

    area: str
    name: str
    read: Callable[[Context], Any]
    judge: Callable[[Settings, Any], Row | list[Row]]
    limit: float = LIMIT
    writes: bool = False

"""What one server process is: its settings, its database, its runs, and who has a socket in it."""

import os
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.application.database import Database
from sandbox.application.limits import Limits
from sandbox.application.runs import Process

if TYPE_CHECKING:
    from sandbox.application.connection import Connection

FAULTS = ("wrong-output", "no-health", "kick")


@dataclass
class Ide:
    """One process. Nothing in it is shared with others but the database and the data folder."""

    database: Database
    data: Path
    pool: tuple[int, int]
    exam_mode: bool
    fault: str
    process: Process
    limits: Limits = field(default_factory=Limits)
    # The newest socket of each user.
    sockets: "dict[str, Connection]" = field(default_factory=dict)
    # By file: held while that program runs.
    running: defaultdict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    started: float = field(default_factory=time.monotonic)


def from_environment() -> Ide:
    """The process that the environment describes (the package's text says how).

    Raises KeyError for a missing variable, ValueError for a wrong one, psycopg.Error when the database does not answer.
    """
    fault = os.environ.get("SANDBOX_APPLICATION_FAULT", "")
    if fault and fault not in FAULTS:
        raise ValueError(f"SANDBOX_APPLICATION_FAULT is {fault}, not one of {', '.join(FAULTS)}")
    pool = int(os.environ.get("DB_POOL_MIN", "10")), int(os.environ.get("DB_POOL_MAX", "50"))
    return Ide(
        database=Database(os.environ["DATABASE_URL"], pool[0]),
        data=Path(os.environ["IDE_DATA_PATH"]),
        pool=pool,
        exam_mode=os.environ.get("IS_EXAM_MODE") == "true",
        fault=fault,
        process=Process(spoiled=fault == "wrong-output"),
    )

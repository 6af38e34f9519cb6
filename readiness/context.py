"""What every check is given: the postures, and AWS, asked once and by shared clients."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import boto3
from botocore.config import Config

from components.aws import Access
from components.errors import ExamError
from components.live import Live, read_live
from components.settings import Settings
from components.stack_files import STACKS, read_access, read_settings

# The name that __main__.py gives its component: every alarm, the rule and the topic begin with it.
COMPONENT = "pythonide-exam"
# Where clients connect in place of the exam URL's own host; the sandbox sets it, a real account does not.
ADDRESS_VARIABLE = "EXAM_ADDRESS"
CONNECT_LIMIT, READ_LIMIT, ATTEMPTS = 2, 4, 2  # seconds, seconds, times
# Seconds that assuming a role may take in all; the checks' clients have the limits above.
SESSION_LIMIT = 20
T = TypeVar("T")


@dataclass
class Context:
    """One look at the live things from the posture of `stack`; `other` is the other stack's posture.

    `access` is where and as whom AWS is asked, `address` where clients of the exam URL connect if not at its own host,
    `now` the moment of the look. Checks share it between threads. `making` are the seconds that the making of clients
    has taken: this machine's, not AWS's.
    """

    settings: Settings
    stack: str
    other: Settings
    access: Access
    address: str | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    making: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _reads: dict[str, "_Once"] = field(default_factory=dict, repr=False)

    @property
    def other_stack(self) -> str:
        """The name of the other stack."""
        return _other(self.stack)

    @property
    def live(self) -> Live:
        """What runs now, read once. Raises the same ExamError to everybody who asks."""
        return self.once("live", lambda: read_live(self.access, self.settings, self.client))

    def client(self, service: str) -> Any:
        """The one boto3 client of `service`, with short limits. Raises ExamError when there are no credentials."""
        return self.once(f"client {service}", lambda: self._make(service))

    def once(self, key: str, read: Callable[[], T]) -> T:
        """What `read` gives, or raises, the first time that somebody asks for `key`; others wait for it."""
        with self._lock:
            once = self._reads.setdefault(key, _Once())
        return cast(T, once.result(read))

    def _make(self, service: str) -> Any:
        session = self.once("session", self.access.session)
        config = Config(
            connect_timeout=CONNECT_LIMIT,
            read_timeout=READ_LIMIT,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        )
        with MAKING:
            start = time.monotonic()
            client = cast(boto3.Session, session).client(service, config=config)
            self.making += time.monotonic() - start
        return client


# A session is not made for threads: https://docs.aws.amazon.com/boto3/latest/guide/session.html
MAKING = threading.Lock()


class _Once:
    """A result, or an error, that comes once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._result: list[Any] = []
        self._error: Exception | None = None

    def result(self, read: Callable[[], Any]) -> Any:
        with self._lock:
            if self._error is None and not self._result:
                try:
                    self._result.append(read())
                except Exception as error:
                    self._error = error
            if self._error is not None:
                raise self._error
            return self._result[0]


def _other(stack: str) -> str:
    return next(name for name in STACKS if name != stack)


def context_of(folder: Path, stack: str) -> Context:
    """The context of `stack` from the project in `folder`, without a call to AWS.

    Raises ExamError for a missing or wrong stack file.
    """
    if stack not in STACKS:
        raise ExamError(f"no stack {stack}; it is one of {', '.join(STACKS)}")
    return Context(
        settings=read_settings(folder, stack),
        stack=stack,
        other=read_settings(folder, _other(stack)),
        access=read_access(folder, stack, SESSION_LIMIT),
        address=os.environ.get(ADDRESS_VARIABLE) or None,
    )

"""What a load test refuses to do: hit another place than the stack's own, or students at work."""

import ipaddress
import os
from urllib.parse import urlsplit

from components.errors import ExamError
from components.guard import FORCE
from components.live import Live
from components.presence import presence
from components.settings import Settings
from readiness.context import ADDRESS_VARIABLE


def check_address(address: str | None) -> None:
    """Students go to the stack's exam URL; what stands in for its host may only be this machine. Raises ExamError."""
    if address is not None and not loopback(address):
        raise ExamError(f"{ADDRESS_VARIABLE} is not this machine; a load test goes to the exam URL or to loopback only")


def loopback(address: str) -> bool:
    """Whether an address (http://127.0.0.1:8080) is this machine and no other; names other than localhost are not."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_nobody_there(settings: Settings, live: Live) -> None:
    """Raises ExamError while students are there, or when nothing tells; nobody is asked when EXAM_FORCE=1."""
    if os.environ.get(FORCE) == "1":
        return
    who = presence(settings, live)
    if who.told is None:
        raise ExamError(
            f"nothing tells whether students are there ({'; '.join(who.unanswered)}); "
            f"a load test would spoil their exam. If nobody is: {FORCE}=1 python -m loadtest ..."
        )
    if who.there:
        raise ExamError(
            f"students are there: {who.told}; a load test would spoil their exam. Wait until they are gone, or go on "
            f"all the same with {FORCE}=1 python -m loadtest ..."
        )

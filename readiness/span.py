"""How far back to look: 90m, 3h, 1d."""

import re
from datetime import timedelta

from components.errors import ExamError

UNITS = {"d": ("day", timedelta(days=1)), "h": ("hour", timedelta(hours=1)), "m": ("minute", timedelta(minutes=1))}
# CloudWatch keeps counts by the minute for so long:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
LONGEST = timedelta(days=15)


def parse(text: str) -> timedelta:
    """The span that `text` says. Raises ExamError for anything that is not a whole number of minutes, hours or days."""
    found = re.fullmatch(r"([1-9]\d{0,4})([mhd])", text, re.ASCII)
    span = int(found[1]) * UNITS[found[2]][1] if found else None
    if span is None or span > LONGEST:
        raise ExamError(f"--since {text}: give minutes, hours or days, at most {LONGEST.days} days: 90m, 3h, 1d")
    return span


def short(span: timedelta) -> str:
    """A span as it is typed, in its largest unit."""
    count, letter = _largest(span)
    return f"{count}{letter}"


def words(span: timedelta) -> str:
    """A span in words."""
    count, letter = _largest(span)
    return f"{count} {UNITS[letter][0]}{'' if count == 1 else 's'}"


def _largest(span: timedelta) -> tuple[int, str]:
    letter = next(letter for letter, (_, unit) in UNITS.items() if not span % unit)
    return span // UNITS[letter][1], letter

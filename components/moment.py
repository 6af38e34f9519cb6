"""A moment as an operator writes it: with an offset from UTC, or as a local time with its zone."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# A null; the others are what `pulumi config set` makes of one.
NONE = (None, "", "null")
EXAMPLES = "2026-12-01T12:00-05:00 or 2026-12-01 12:00 America/New_York"
WRITTEN = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?) ?(Z|[+-]\d\d:?\d\d|[A-Za-z]\S*)?")


def moment(value: object) -> datetime | None:
    """The moment that a configuration value names; None for a null.

    Raises ValueError, which says what is allowed, for what is no time, has no zone or one that is none, and for a local
    time that its zone does not have, or has twice, on that day.
    """
    if value in NONE:
        return None
    if isinstance(value, datetime) and value.tzinfo:
        return value
    written = WRITTEN.fullmatch(str(value).strip())
    try:
        naive = datetime.fromisoformat(f"{written[1]}T{written[2]}") if written else None
    except ValueError:
        naive = None
    if written is None or naive is None:
        raise ValueError(f"a time with its zone, such as {EXAMPLES}; null for none")
    if not written[3]:
        raise ValueError(f"a time with its zone too, such as {EXAMPLES}")
    if written[3] == "Z" or written[3][0] in "+-":
        return datetime.fromisoformat(f"{naive.isoformat()}{written[3]}")
    return _local(naive, written[3])


def _local(naive: datetime, name: str) -> datetime:
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"a time with a zone that there is, such as {EXAMPLES}; {name} is none") from None
    first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise ValueError(f"a time that {name} has once on that day; say which by its offset, such as {EXAMPLES}")
    return first


def shown(value: datetime) -> str:
    """A moment for the operator: as it was written, and in UTC where that is another time."""
    text = f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if not value.utcoffset():
        return text
    return f"{value:%Y-%m-%d %H:%M} {value.tzinfo} ({text})"

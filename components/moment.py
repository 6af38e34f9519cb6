"""A moment as an operator writes it: with an offset from UTC, or as a local time with its zone."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# A null; the others are what `pulumi config set` makes of one.
NONE = (None, "", "null")
EXAMPLES = "2026-12-01T12:00-05:00 or 2026-12-01 12:00 America/New_York"
WRITTEN = re.compile(
    r"(2\d{3}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?) ?"
    # An unquoted time with seconds is one of YAML's own, and the engine hands it on as Go writes it: -0500 EST.
    r"(?:(Z|[+-]\d\d:?\d\d)(?: (?:[A-Z]+|[+-]\d+))?|([A-Za-z]\S*))?"
)


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
    offset, zone = written[3], written[4]
    if offset:
        return datetime.fromisoformat(f"{naive.isoformat()}{offset}")
    if not zone:
        raise ValueError(f"a time with its zone too, such as {EXAMPLES}")
    return _local(naive, zone)


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

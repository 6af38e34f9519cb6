"""Foreign keys without an index, indexes that nobody uses, and those that are there twice. Pure but for the readers."""

from collections import defaultdict

from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.health.ask import LIMIT, ask
from readiness.health.facts import FOREIGN_KEYS, INDEXES, ForeignKey, Index
from readiness.row import Row, ok, warn

AREA = "indexes"
SHOWN = 5  # of a kind
# A smaller table is read as a whole faster than through an index.
LARGE = 1_000  # rows
# A smaller or hardly written index costs nothing.
LEAST_BYTES, LEAST_CHANGES = 2**20, 10_000
Found = tuple[list[ForeignKey], list[Index]]


def read(context: Context) -> Found:
    """The foreign keys and the indexes of all tables."""
    return ask(context, FOREIGN_KEYS), ask(context, INDEXES)


def serves(index: Index, key: ForeignKey) -> bool:
    """Whether a look-up by the foreign key's columns can use the index: they are its first ones, in any order."""
    first = index.columns[: len(key.columns)]
    return index.table == key.table and index.valid and not index.partial and set(first) == set(key.columns)


def foreign_keys(_: Settings, found: Found) -> Row | list[Row]:
    """Foreign keys of tables that are not small have an index."""
    keys, indexes = found
    bare = [key for key in keys if key.rows >= LARGE and not any(serves(index, key) for index in indexes)]
    if not bare:
        return ok(AREA, "foreign keys", f"all of tables with {LARGE} rows and more have an index ({len(keys)} in all)")
    return [
        warn(
            AREA,
            "foreign keys",
            f"{key.table} ({', '.join(key.columns)}) has no index",
            f"one: each row deleted from {key.target}, and each look-up by it, reads {key.rows} rows",
            f"CREATE INDEX CONCURRENTLY ON {key.table} ({', '.join(key.columns)});",
        )
        for key in sorted(bare, key=lambda key: -key.rows)[:SHOWN]
    ]


def unused(_: Settings, found: Found) -> Row | list[Row]:
    """Indexes that no statement has used, and that nothing else needs: no constraint, no foreign key."""
    keys, indexes = found
    idle = [
        index
        for index in indexes
        if not index.valid
        or (
            index.scans == 0
            and not index.unique
            and not index.constraint
            and not any(serves(index, key) for key in keys)
            and index.bytes >= LEAST_BYTES
            and index.changes >= LEAST_CHANGES
        )
    ]
    if not idle:
        return ok(AREA, "unused", f"none of {size(LEAST_BYTES)} and more")
    return [
        warn(
            AREA,
            "unused",
            f"{index.name} of {index.table}, {size(index.bytes)}"
            + (", was never used" if index.valid else ", is invalid: its CREATE INDEX CONCURRENTLY failed"),
            f"none: each row written to the table writes it too, {index.changes} so far",
            f"if no replica uses it: {drop(index)}",
        )
        for index in sorted(idle, key=lambda index: -index.bytes)[:SHOWN]
    ]


def duplicates(_: Settings, found: Found) -> Row | list[Row]:
    """Indexes that do what another one of the same table does."""
    spare = spares(found[1])
    if not spare:
        return ok(AREA, "duplicate", "none")
    return [
        warn(
            AREA,
            "duplicate",
            f"{index.name} does the same as {kept.name}, {size(index.bytes)}",
            f"one of them: each row written to {index.table} writes both, {index.changes} so far",
            drop(index),
        )
        for index, kept in sorted(spare, key=lambda pair: -pair[0].bytes)[:SHOWN]
    ]


def spares(indexes: list[Index]) -> list[tuple[Index, Index]]:
    """Each index that can go, with the one of the same definition that stays: a constraint's before a mere index."""
    alike = defaultdict[tuple[str, str], list[Index]](list)
    for index in indexes:
        if index.valid:
            alike[index.table, index.definition].append(index)
    pairs = []
    for group in alike.values():
        kept, *rest = sorted(group, key=lambda i: (i.constraint is None, not i.unique, -i.scans, i.name))
        pairs += [(index, kept) for index in rest]
    return pairs


def drop(index: Index) -> str:
    """The SQL that takes an index away; one that a constraint made goes with it."""
    if index.constraint:
        return f"ALTER TABLE {index.table} DROP CONSTRAINT {index.constraint};"
    return f"DROP INDEX CONCURRENTLY {index.name};"


def size(count: int) -> str:
    """Bytes in words."""
    return f"{count / 2**20:.0f} MB" if count >= 2**20 else f"{count / 2**10:.0f} kB"


CHECKS = (
    Check(AREA, "foreign keys", read, foreign_keys, LIMIT),
    Check(AREA, "unused", read, unused, LIMIT),
    Check(AREA, "duplicate", read, duplicates, LIMIT),
)

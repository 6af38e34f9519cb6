"""The database's health: what slows it or fills it, with a figure and the SQL a person may run. Reads only.

The role needs CONNECT to the application's database and `pg_monitor`; with less, rows say what they could not see.
"""

from readiness.check import Check
from readiness.health import connections, indexes, parameters, statements, tables

CHECKS: tuple[Check, ...] = (
    *connections.CHECKS,
    *statements.CHECKS,
    *tables.CHECKS,
    *indexes.CHECKS,
    *parameters.CHECKS,
)

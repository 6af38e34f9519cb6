"""Who holds the connections, the pool that fits, and who holds locks while idle. Pure but for the readers."""

from collections import defaultdict
from dataclasses import dataclass

from components import hints
from components.figures import tasks
from components.settings import Settings
from readiness.check import Check
from readiness.checks.database import MOST_CONNECTIONS
from readiness.context import Context
from readiness.health.ask import LIMIT, ask
from readiness.health.facts import CLIENTS, IDLE, PARAMETERS, Client, Idle, Parameters
from readiness.row import Row, fail, ok, warn

AREA = "connections"
SHOWN = 5  # clients, sessions
# Seconds: of a session that nobody waits for yet, of one that others wait for.
LONG_IDLE, BLOCKING = 60, 2
WHO = (
    "see who: SELECT pid, usename, client_addr, state, state_change FROM pg_stat_activity ORDER BY state_change; "
    "end one: SELECT pg_terminate_backend(<pid>);"
)


@dataclass(frozen=True)
class Held:
    """The connections held, the database's parameters, and what the tasks may open: at most, and each at its start."""

    clients: list[Client]
    parameters: Parameters
    asked: hints.Connections
    least: int

    @property
    def allowed(self) -> int:
        """What others than administrators may hold."""
        return self.parameters.most - self.parameters.reserved

    @property
    def in_use(self) -> int:
        """Connections held now, whoever holds them."""
        return sum(client.count for client in self.clients)

    @property
    def others(self) -> int:
        """Those to other databases on the same server."""
        return sum(client.count for client in self.clients if not client.ours)

    @property
    def fitting(self) -> hints.Connections:
        """What the tasks may open beside the room that is left to them."""
        return hints.Connections(self.asked.tasks, self.asked.pool, max(self.allowed - self.others, 0))


def read_held(context: Context) -> Held:
    """Who is connected, and what the posture's tasks may open."""
    clients, (parameters,) = ask(context, CLIENTS), ask(context, PARAMETERS)
    settings, live = context.settings, context.live
    return Held(clients, parameters, hints.connections(settings, live), hints.pool_minimum(settings, live))


def in_use(_: Settings, held: Held) -> Row:
    """Connections by client and state, against what is allowed."""
    most, reserved = held.parameters.most, held.parameters.reserved
    text = f"{held.in_use} of {held.allowed} in use (max_connections {most}, {reserved} reserved)"
    found = "\n".join([text, *by_client(held.clients)])
    if held.in_use * 100 >= held.allowed * MOST_CONNECTIONS:
        return fail(AREA, "in use", found, f"below {MOST_CONNECTIONS} %: beyond the last one logins fail", WHO)
    return ok(AREA, "in use", found)


def by_client(clients: list[Client]) -> list[str]:
    """A line a client, most connections first: how many in which state; those of other databases say so."""
    lines = defaultdict[str, list[Client]](list)
    for one in clients:
        lines[one.client if one.ours else f"{one.client} (another database)"].append(one)
    ordered = sorted(lines.items(), key=lambda line: (-sum(one.count for one in line[1]), line[0]))
    told = [
        f"{name}: {', '.join(f'{one.count} {one.state}' for one in sorted(states, key=lambda s: (-s.count, s.state)))}"
        for name, states in ordered[:SHOWN]
    ]
    return told if len(ordered) <= SHOWN else [*told, f"and {len(ordered) - SHOWN} more clients"]


def pool(_: Settings, held: Held) -> Row:
    """What autoscaling's maximum may open fits into what is left; else the pool that does."""
    fits, least = held.fitting, held.least
    found = (
        f"{tasks(fits.tasks)} (autoscaling.max) x {fits.pool} may open {fits.needed}, there is room for {fits.limit}"
    )
    if held.others:
        found += f" ({held.others} are held by other databases)"
    if fits.needed <= (fits.limit or 0):
        return ok(AREA, "pool", found)
    wanted = (
        f"a {hints.POOL_VARIABLE} of {fits.fitting}; for {fits.pool} max_connections must be at least "
        f"{fits.needed + held.others + held.parameters.reserved}"
    )
    todo = f"pulumi config set -s {{stack}} --path environment.{hints.POOL_VARIABLE} {fits.fitting}"
    if least <= fits.fitting:
        return warn(AREA, "pool", found, wanted, todo)
    found += f"; {tasks(fits.tasks)} x {least} ({hints.LEAST_POOL_VARIABLE}) are opened at start: {fits.tasks * least}"
    if fits.fitting == 0:
        return fail(AREA, "pool", found, "a connection a task", WHO)
    todo += f"; pulumi config set -s {{stack}} --path environment.{hints.LEAST_POOL_VARIABLE} {fits.fitting}"
    return fail(AREA, "pool", found, wanted, todo)


def idle(_: Settings, sessions: list[Idle]) -> Row | list[Row]:
    """Sessions that hold a transaction open and do nothing: a fail where others wait, a warning after a minute."""
    name = "idle in a transaction"
    bad = [one for one in sessions if one.seconds >= (BLOCKING if one.waiting else LONG_IDLE)]
    if not bad:
        return ok(AREA, name, f"none longer than {LONG_IDLE} s, none that others wait for")
    rows = []
    for one in sorted(bad, key=lambda session: (-session.waiting, -session.seconds))[:SHOWN]:
        found = f"process {one.pid} of {one.client}, {one.seconds} s; waiting for its locks: {one.waiting}"
        wanted = "none: its locks stay, and no dead row of any table can be removed while it is open"
        todo = (
            f"SELECT pg_terminate_backend({one.pid}); for the future: "
            "ALTER ROLE <its role> SET idle_in_transaction_session_timeout = '60s';"
        )
        rows.append((fail if one.waiting else warn)(AREA, name, found, wanted, todo))
    return rows


CHECKS = (
    Check(AREA, "in use", read_held, in_use, LIMIT),
    Check(AREA, "pool", read_held, pool, LIMIT),
    Check(AREA, "idle in a transaction", lambda context: ask(context, IDLE), idle, LIMIT),
)

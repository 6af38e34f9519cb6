"""The parameters of the RDS instance that matter here. Pure but for the reader."""

from components import hints
from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.health.ask import LIMIT, ask
from readiness.health.facts import PARAMETERS, Parameters
from readiness.row import Row, ok, warn

AREA = "parameters"
LOG_FROM = "log_min_duration_statement"
# ms: below it the log fills with what is not slow, above it a student has noticed long before.
LEAST_LOGGED, MOST_LOGGED, LOGGED = 100, 5_000, 1_000
# A connection takes up to about 10 MB; far more of them than the class is made for leave no memory for the data.
TOO_MANY = 2  # times the class's own
Found = tuple[Parameters, int | None]


def read(context: Context) -> Found:
    """The parameters, and the `max_connections` that the instance's class has by default (None: not known)."""
    (parameters,) = ask(context, PARAMETERS)
    return parameters, hints.max_connections(context.live.database_class)


def most(settings: Settings, found: Found) -> Row:
    """`max_connections` is about what the instance's memory is good for."""
    name, usual = "max_connections", found[1]
    text = f"{found[0].most}" + (f"; the class's own default is {usual}" if usual else "")
    todo = f"{set_parameter(name, str(usual))} (static: restart {settings.database.instance}, not on an exam day)"
    if usual and found[0].most < usual:
        return warn(AREA, name, text, f"{usual}: the memory is there", todo)
    if usual and found[0].most > usual * TOO_MANY:
        return warn(AREA, name, text, f"at most {usual * TOO_MANY}: each connection takes up to 10 MB", todo)
    return ok(AREA, name, text)


def logged(_: Settings, found: Found) -> Row:
    """Slow statements leave a trace in the log, and only they."""
    name, value = "slow statements", found[0].log_from
    if LEAST_LOGGED <= value <= MOST_LOGGED:
        return ok(AREA, name, f"{LOG_FROM} is {value} ms")
    text = f"{LOG_FROM} is {'off (-1)' if value < 0 else f'{value} ms'}"
    wanted = f"{LOGGED} ms: a slow statement leaves a trace, a quick one does not fill the storage"
    todo = f"{set_parameter(LOG_FROM, str(LOGGED))}; log_parameter_max_length = 0 keeps values out of the log"
    return warn(AREA, name, text, wanted, todo)


def set_parameter(name: str, value: str) -> str:
    """What to type; the group `default.postgres...` cannot be changed, the instance needs one of its own."""
    method = "pending-reboot" if name == "max_connections" else "immediate"
    return (
        "aws rds modify-db-parameter-group --db-parameter-group-name <the instance's own group> "
        f"--parameters ParameterName={name},ParameterValue={value},ApplyMethod={method}"
    )


CHECKS = (
    Check(AREA, "max_connections", read, most, LIMIT),
    Check(AREA, "slow statements", read, logged, LIMIT),
)

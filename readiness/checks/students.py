"""Who is there now, by the sources that the students' guard of `up` asks."""

from components.presence import URL_VARIABLE, Presence, presence
from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.row import Row, ok, unknown, warn

AREA, NAME = "students", "there now"
# Seconds that a source may take: the first may hang without hiding what the second knows.
SOURCE_LIMIT = 2


def read(context: Context) -> tuple[str, Presence]:
    """The stack's name, and who is there."""
    guard = context.settings.students_guard
    limited = guard.model_copy(update={"timeout": min(guard.timeout, SOURCE_LIMIT)})
    return context.stack, presence(context.settings.model_copy(update={"students_guard": limited}), context.live)


def there(settings: Settings, found: tuple[str, Presence]) -> Row:
    """Nobody before the exam, the class during it; with the idle posture, or before the revert to it, nobody."""
    stack, who = found
    exam = stack == "exam"
    wanted = f"nobody before the exam, the class ({settings.students}) during it" if exam else "nobody"
    if who.told is None:
        return unknown(AREA, NAME, "; ".join(who.unanswered), wanted, f"set {URL_VARIABLE}, or ask the room")
    told = f"{'students are' if who.there else 'nobody is'} there: {who.told}"
    if who.there and not exam:
        return warn(AREA, NAME, told, wanted, "wait for them: pulumi up -s idle would end their programs")
    return ok(AREA, NAME, told, wanted)


CHECKS = (Check(AREA, NAME, read, there),)

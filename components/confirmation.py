"""Whether what an `up` set is what is live when it ends: two stacks, or people, may have been at work at once."""

import asyncio
import time
from collections.abc import Sequence

import pulumi

from components import revert, summary
from components.errors import ExamError
from components.live import Live, read_live
from components.settings import Settings

LOOKS, PAUSE = 3, 2  # seconds; AWS may take a moment to show what it was told


def confirmed(
    settings: Settings, live: Live, revision: pulumi.Output[str], after: Sequence[pulumi.CustomResource]
) -> pulumi.Output[str]:
    """`revision`, once `after` is done and the posture is in force; nothing is asked where it was so at the start.

    Ends the program with one line that says what is not in force: something else has changed it meanwhile.
    """
    if pulumi.runtime.is_dry_run() or not summary.changes(settings, live):
        return revision
    return pulumi.Output.all(revision, *[resource.id for resource in after]).apply(
        lambda known: asyncio.to_thread(_confirm, settings, live, str(known[0]))
    )


def _confirm(settings: Settings, live: Live, revision: str) -> str:
    try:
        for look in range(LOOKS):
            if not (missing := _missing(settings, live)):
                return revision
            if look < LOOKS - 1:
                time.sleep(PAUSE)
    except ExamError as error:
        raise pulumi.RunError(str(error)) from None
    raise pulumi.RunError(
        "something else changed the service while this `up` was at work, perhaps an `up` of the other stack; "
        f"still to do: {'; '.join(missing)}. Run `up` of the stack that you want again"
    )


def _missing(settings: Settings, live: Live) -> list[str]:
    """What of the posture is not in force; a resolution that ECS refuses is told elsewhere, a revert bounded later."""
    changes = summary.changes(settings, read_live(live.access, settings))
    return [change for change in changes if not change.startswith(("metrics:", f"{revert.LINE}:"))]

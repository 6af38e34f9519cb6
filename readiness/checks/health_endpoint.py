"""Whether the exam URL's health path is answered by the application's health check, and what it says."""

from contextlib import closing

import httpx

from components.settings import Settings
from readiness.check import Check
from readiness.context import Context
from readiness.row import Row, fail, ok
from student.client import HEALTH
from student.errors import StudentError
from student.web import Answer, Place, Web

AREA = "health"
LIMIT = 3.5  # seconds
HEALTHY = "healthy"
LOOK = "look at the rows of the load balancer and of the tasks"


def read(context: Context) -> Answer | StudentError:
    """What the health path answers, or why it does not."""
    with closing(Web(Place(context.settings.url, context.address), LIMIT)) as web:
        try:
            return web.get(context.settings.application.health_path)
        except StudentError as error:
            return error


def endpoint(settings: Settings, answer: Answer | StudentError) -> Row:
    """200 is not enough: every path that the application does not know is answered with 200 and a page."""
    name = path = settings.application.health_path
    wanted = f"200, JSON, {HEALTHY}"
    if isinstance(answer, StudentError):
        return fail(AREA, name, str(answer), wanted, LOOK)
    if answer.status != httpx.codes.OK:
        return fail(AREA, name, f"{answer.status} from {settings.url}{path}", wanted, LOOK)
    if not isinstance(answer.body, dict):
        found = "answered by the application's catch-all page, not by a health check"
        known = f"the working one is {HEALTH}"
        todo = f"{known}: set application.healthPath" if path != HEALTH else f"{known}: is the image the right one?"
        return fail(AREA, name, found, wanted, todo)
    status, database = answer.body.get("status"), answer.body.get("database", "connected")
    if status != HEALTHY:
        return fail(AREA, name, f"status {status}", wanted, "look at the logs")
    if database != "connected":
        return fail(AREA, name, f"{status}, but database {database}", "connected", "look at the database's rows")
    return ok(AREA, name, f"200, {status}, {answer.answered - answer.asked:.2f} s", wanted)


CHECKS = (Check(AREA, "health path", read, endpoint),)

"""The application over HTTP: health, sessions, and one page for everything else."""

import json
import time
from typing import Any

from tornado.web import RequestHandler

from sandbox.application import accounts, machine
from sandbox.application.ide import Ide

PAGE = '<!doctype html><html lang="en" class="dark"><head><meta charset="utf-8"><title>IDE</title></head></html>'


class Page(RequestHandler):
    """The page: what GET of any path gives, with 200. There is no 404."""

    def initialize(self, ide: Ide) -> None:
        """Takes the process that it belongs to."""
        self.ide = ide

    def get(self, *_: str) -> None:
        """The page."""
        self.write(PAGE)


class Health(Page):
    """The health check: 200 also without a database. It holds up the event loop for a tenth of a second."""

    def get(self, *_: str) -> None:
        """The process and its machine, as JSON."""
        if self.ide.fault == "no-health":
            self.write(PAGE)
            return
        minimum, maximum = self.ide.pool
        self.write(
            {
                "status": "healthy",
                "memory_percent": machine.memory_percent(),
                "cpu_percent": machine.cpu_percent(),
                "uptime": int(time.monotonic() - self.ide.started),
                "database": "connected" if self.ide.database.answers() else "disconnected",
                "db_pool": {"min_conn": minimum, "max_conn": maximum},
            }
        )


class Call(RequestHandler):
    """A call of /api/: JSON in, JSON out, which it calls text/html."""

    def initialize(self, ide: Ide) -> None:
        """Takes the process that it belongs to."""
        self.ide = ide

    def answer(self, status: int, **content: Any) -> None:
        """Answers; it was a success if the status says so."""
        self.set_status(status)
        self.write(json.dumps({"success": status == 200, **content}))  # noqa: PLR2004 (HTTP's own number)

    def field(self, name: str) -> str:
        """A field of the request, empty if it is missing."""
        try:
            content = json.loads(self.request.body)
        except ValueError:
            return ""
        found = content.get(name) if isinstance(content, dict) else None
        return found if isinstance(found, str) else ""


class Login(Call):
    """Signs in, and ends the user's earlier sessions."""

    def post(self) -> None:
        """Asks username and password; a right one and a wrong one cost the event loop 0.27 CPU-s."""
        username, password = self.field("username"), self.field("password")
        if not username or not password:
            return self.answer(400, error="username and password are needed")
        found = self.ide.database.user(username)
        if not found or not accounts.matches(password, found[1]):
            return self.answer(401, error="wrong username or password")
        user = found[0]
        token = self.ide.database.sign_in(user)
        return self.answer(200, session_id=token, username=user.username, role=user.role, full_name=user.full_name)


class Validate(Call):
    """Whose session it is."""

    def post(self) -> None:
        """Asks session_id."""
        user = self.ide.database.session(self.field("session_id"))
        if not user:
            return self.answer(401, error="no such session")
        return self.answer(200, username=user.username, role=user.role, full_name=user.full_name)


class Renew(Call):
    """Lets a session last another day."""

    def post(self) -> None:
        """Asks session_id."""
        expires = self.ide.database.renew(self.field("session_id"))
        if not expires:
            return self.answer(400, error="no such session")
        return self.answer(200, expires_at=expires.isoformat(), message="session renewed for 24 hours")


class Logout(Call):
    """Ends a session."""

    def post(self) -> None:
        """Asks session_id, and is content with any."""
        self.ide.database.sign_out(self.field("session_id"))
        self.answer(200, message="signed out")

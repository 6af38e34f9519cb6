"""The sandbox that engine tests have."""

from tests.engine.conftest import project, sandbox

__all__ = ["project", "sandbox"]

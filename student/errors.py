"""What can go wrong for a student, each in a kind of its own; one line, never with a password or session id."""


class StudentError(Exception):
    """Something that a student would notice."""


class UnreachableError(StudentError):
    """No connection: nothing listens, no such host, or its certificate is not good."""


class NoAnswerError(StudentError):
    """Connected, but no answer within the time limit."""


class UnexpectedAnswerError(StudentError):
    """An answer that is not the application's: an error page, or a page where there should be JSON."""


class LoginRefusedError(StudentError):
    """The application does not take this user name and password, or not this session any more."""


class RefusedError(StudentError):
    """The application refuses a command: no such file, no permission, not a path."""


class RateLimitError(StudentError):
    """One of the limits of a student in one process; `wait` is the seconds that the application names."""

    def __init__(self, text: str, wait: int) -> None:
        """The refusal in the application's words, and the seconds."""
        super().__init__(text)
        self.wait = wait


class SessionTerminatedError(StudentError):
    """The same account has connected elsewhere in the same process (close code 4001)."""


class ConnectionLostError(StudentError):
    """The WebSocket is gone: the task has stopped, or somebody on the way has closed it."""

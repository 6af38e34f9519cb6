"""The one kind of error that the operator is meant to read."""


class ExamError(Exception):
    """Something the operator can mend: its text says what is wrong, where, and what to do; no traceback."""


class DeniedError(ExamError):
    """AWS did not allow a call that the program has to make."""

"""What looks like a credential, by name or by value. In doubt it is one: such a value is never shown."""

import re

NAME = re.compile(r"pass|pwd|secret|token|key|credential|auth|dsn|salt|private|signature|database_?url", re.IGNORECASE)
VALUE = re.compile(
    r"://[^/\s]*@"  # a URL with user information
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS access key ids: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"|-----BEGIN "  # PEM
    r"|\beyJ[A-Za-z0-9_-]{10,}\."  # JSON Web Token
    r"|(password|passwd|pwd|secret|token)\s*[=:]"
    r"|(?=\S*[0-9])(?=\S*[A-Za-z])[A-Za-z0-9+_=-]{20,}",  # long, letters and digits mixed: a generated key
    re.IGNORECASE,
)
# A name like those above and what is assigned to it, to the end of the text.
ASSIGNED = re.compile(rf"""(\b[\w-]*(?:{NAME.pattern})[\w-]*["']?\s*[=:]).*""", re.IGNORECASE | re.DOTALL)
HIDDEN = "(hidden)"


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable may hold a credential."""
    return bool(NAME.search(name) or VALUE.search(value))


def shown(name: str, value: str) -> str:
    """A variable's value for the operator's eyes, or a mark in its place."""
    return HIDDEN if looks_secret(name, value) else repr(value)


def masked(text: str) -> str:
    """A line of somebody else's, as from a log, with what may be a credential hidden; in doubt the rest of the line."""
    return " ".join(HIDDEN if VALUE.search(word) else word for word in ASSIGNED.sub(rf"\1 {HIDDEN}", text).split(" "))

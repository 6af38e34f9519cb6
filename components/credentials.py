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


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable may hold a credential."""
    return bool(NAME.search(name) or VALUE.search(value))


def shown(name: str, value: str) -> str:
    """A variable's value for the operator's eyes, or a mark in its place."""
    return "(hidden)" if looks_secret(name, value) else repr(value)

"""The accounts of the sandbox's web IDE: random passwords, stored hashed."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field

import psycopg

from sandbox.application.cost import LOGIN, pay

CHECKLIST = "checklist"
# Passwords are random: what protects them is their length, so their hash may be cheap and a class is made in no time.
# A login pays beside it, on the event loop, what the application's own hash costs there.
ITERATIONS = 1_000
UPSERT = """
    INSERT INTO users (username, full_name, password_hash) VALUES (%s, %s, %s)
    ON CONFLICT (username) DO UPDATE SET full_name = excluded.full_name, password_hash = excluded.password_hash
"""


@dataclass(frozen=True)
class Account:
    """What somebody signs in with."""

    username: str
    password: str = field(repr=False)


def create(url: str, count: int) -> list[Account]:
    """Give the accounts student01 to student<count> and `checklist` new random passwords; make those that are missing.

    Takes the database's URL. Raises psycopg.Error.
    """
    names = [*(f"student{number:02}" for number in range(1, count + 1)), CHECKLIST]
    accounts = [Account(name, secrets.token_urlsafe(16)) for name in names]
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        rows = [(each.username, _full_name(each.username), hashed(each.password)) for each in accounts]
        cursor.executemany(UPSERT, rows)
    return accounts


def _full_name(username: str) -> str:
    return username.capitalize().replace("Student", "Student ")


def hashed(password: str) -> str:
    """What the database keeps of a password."""
    salt = secrets.token_hex(16)
    return f"{salt}${_digest(password, salt, ITERATIONS)}"


def matches(password: str, stored: str | None) -> bool:
    """Whether a password is the one that was stored; costs what a login does. Nobody signs in to a user without one."""
    salt, _, digest = (stored or "$").partition("$")
    pay(LOGIN, time.thread_time())
    return hmac.compare_digest(_digest(password, salt, ITERATIONS), digest)


def _digest(password: str, salt: str, iterations: int) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations).hex()

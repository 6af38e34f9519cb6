"""HTTP as a browser does it, to the exam URL or to an address in its place; cookies are kept."""

import ssl
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from student.errors import NoAnswerError, UnexpectedAnswerError, UnreachableError

LIMIT = 10.0  # seconds


@dataclass(frozen=True)
class Place:
    """The exam URL, and the address (http://127.0.0.1:8080) to connect to in place of its own host, if any.

    As with curl's --connect-to, the URL's host stays in the Host header and in the name that a certificate must have.
    """

    url: str
    address: str | None = None

    @property
    def base(self) -> str:
        """Scheme, host and port to connect to."""
        return (self.address or self.url).rstrip("/")

    @property
    def netloc(self) -> str:
        """The Host header."""
        return urlsplit(self.url).netloc

    @property
    def hostname(self) -> str:
        """The name that a certificate must have."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `asked` and `answered` by time.monotonic()."""

    status: int
    content_type: str
    text: str = field(repr=False)
    body: Any = field(repr=False)  # None unless JSON
    asked: float
    answered: float


class Web:
    """HTTP requests with one jar of cookies, each with a time limit in seconds."""

    def __init__(self, place: Place, limit: float = LIMIT) -> None:
        """Connects with the first request."""
        self._place = place
        # An address given is where to connect: no proxy of the environment comes between.
        self._client = httpx.Client(
            base_url=place.base,
            headers={"Host": place.netloc},
            timeout=limit,
            verify=_trusted(),
            trust_env=place.address is None,
        )

    def get(self, path: str) -> Answer:
        """GET `path`. Raises UnreachableError, NoAnswerError."""
        return self._ask("GET", path)

    def post(self, path: str, message: dict[str, Any]) -> Answer:
        """POST `message` as JSON to `path`. Raises UnreachableError, NoAnswerError."""
        return self._ask("POST", path, json=message)

    @property
    def cookies(self) -> str:
        """The cookies so far, as a Cookie header; empty where nobody has set one."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._client.cookies.jar)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, method: str, path: str, **content: Any) -> Answer:
        asked, where = time.monotonic(), f"{self._place.url}{path}"
        try:
            got = self._client.request(method, path, extensions={"sni_hostname": self._place.hostname}, **content)
        except httpx.ConnectError as error:
            raise UnreachableError(f"no connection to {self._place.base} for {where}: {one_line(error)}") from None
        except httpx.TimeoutException:
            raise NoAnswerError(f"no answer from {where} within {self._client.timeout.read:g} s") from None
        except httpx.HTTPError as error:
            raise UnreachableError(f"{where} broke off: {one_line(error)}") from None
        return Answer(
            got.status_code, got.headers.get("content-type", ""), got.text, _json(got), asked, time.monotonic()
        )


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted: read once for all, as that takes a twentieth of a second of CPU."""
    return httpx.create_ssl_context()


def expect(answer: Answer, where: str) -> dict[str, Any]:
    """The JSON object of a good answer. Raises UnexpectedAnswerError for anything else."""
    if answer.status != httpx.codes.OK or not isinstance(answer.body, dict):
        kind = answer.content_type.partition(";")[0] or "nothing"
        raise UnexpectedAnswerError(f"{where} answers {answer.status} {kind}, not the application's JSON")
    return answer.body


def one_line(error: Exception) -> str:
    """An error's text on one line, or its kind where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None

import pytest

from components.credentials import HIDDEN, masked
from tests.postures import SECRET


@pytest.mark.parametrize(
    "line",
    [
        f"cannot reach postgresql://exam:{SECRET}@db.internal/exam now",
        f"password={SECRET}",
        f"password: {SECRET} for bob",
        f"DATABASE_URL = {SECRET}",
        f'{{"api_token": "{SECRET}", "user": "bob"}}',
        f"Authorization: Bearer {SECRET}",
        f"token: one {SECRET}",
        "key AKIAIOSFODNN7EXAMPLE is wrong".replace("AKIAIOSFODNN7EXAMPLE", f"AKIAIOSFODNN7EXAMPLE-{SECRET}"),
    ],
)
def test_what_may_be_a_credential_is_hidden(line: str) -> None:
    assert SECRET not in masked(line)
    assert HIDDEN in masked(line)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-25 08:00:00 ERROR student12 has no file /mnt/efs/pythonide-data-exam/student12/a.py",
        "ERROR keyboard interrupt in line 3",
        "",
    ],
)
def test_what_is_none_stays(line: str) -> None:
    assert masked(line) == line

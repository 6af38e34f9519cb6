from typing import Any

import pytest

from readiness.checks.network import Way, to_database, to_tasks
from readiness.row import Verdict
from tests.readiness.worlds import EXAM

BLOCKS = ["10.0.1.0/24", "10.0.2.0/24"]


def rule(protocol: str = "tcp", ports: tuple[int, int] = (8080, 8080), **sources: Any) -> dict[str, Any]:
    return {"IpProtocol": protocol, "FromPort": ports[0], "ToPort": ports[1], **sources}


def group(sender: str) -> dict[str, Any]:
    return {"UserIdGroupPairs": [{"GroupId": sender}]}


def block(*blocks: str) -> dict[str, Any]:
    return {"IpRanges": [{"CidrIp": each} for each in blocks]}


def verdict(*rules: dict[str, Any]) -> Verdict:
    return to_tasks(EXAM, Way(["sg-alb"], BLOCKS, [{"GroupId": "sg-tasks", "IpPermissions": rules}], 8080)).verdict


@pytest.mark.parametrize(
    "let_in",
    [
        rule(**group("sg-alb")),
        rule(ports=(8000, 9000), **group("sg-alb")),
        {"IpProtocol": "-1", **group("sg-alb")},
        rule(**block("10.0.0.0/16")),
        rule(**block(*BLOCKS)),
        rule(**block("0.0.0.0/0")),
    ],
)
def test_who_is_let_in(let_in: dict[str, Any]) -> None:
    assert verdict(rule(ports=(22, 22), **group("sg-alb")), let_in) is Verdict.OK


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule(**group("sg-other"))],
        [rule(ports=(80, 443), **group("sg-alb"))],
        [rule("udp", **group("sg-alb"))],
        [rule(**block("10.0.1.0/24"))],
        [rule(**block("192.168.0.0/16"))],
    ],
)
def test_who_is_not(rules: list[dict[str, Any]]) -> None:
    assert verdict(*rules) is Verdict.FAIL


def test_a_prefix_list_is_not_looked_into() -> None:
    assert verdict(rule(PrefixListIds=[{"PrefixListId": "pl-1"}])) is Verdict.UNKNOWN


def test_the_row_says_what_to_add_where() -> None:
    row = to_database(EXAM, Way(["sg-tasks"], BLOCKS, [{"GroupId": "sg-db", "IpPermissions": []}], 5432))
    assert (row.name, row.found, row.wanted, row.todo) == (
        "to the database",
        "sg-db does not let it in",
        "port 5432 from sg-tasks",
        "add it to sg-db's inbound rules",
    )

import pytest

from readiness.checks.limits import Room, addresses, quota
from readiness.row import Verdict
from tests.readiness.worlds import EXAM, IDLE


@pytest.mark.parametrize(
    ("room", "verdict"),
    [(Room(12, 0), Verdict.OK), (Room(12, 0.5), Verdict.FAIL), (Room(6, 0), Verdict.FAIL), (Room(140, 64), Verdict.OK)],
)
def test_the_quota_covers_the_maximum_beside_what_runs(room: Room, verdict: Verdict) -> None:
    row = quota(EXAM, room)
    assert (row.verdict, row.wanted) == (verdict, "6 tasks x 2 vCPU = 12")


def test_idle_needs_little() -> None:
    assert quota(IDLE, Room(1, 0)).found == "1 of quota 1, other tasks use 0"


@pytest.mark.parametrize(
    ("free", "verdict", "found"),
    [
        ([3, 3], Verdict.OK, "6 in 2 subnets"),
        ([250, 2], Verdict.WARN, "252 in 2 subnets, few in subnet-1"),
        ([3, 2], Verdict.FAIL, "5 in 2 subnets"),
        ([], Verdict.FAIL, "0 in 0 subnets"),
    ],
)
def test_each_subnet_has_addresses_for_its_part(free: list[int], verdict: Verdict, found: str) -> None:
    subnets = [{"SubnetId": f"subnet-{n}", "AvailableIpAddressCount": count} for n, count in enumerate(free)]
    row = addresses(EXAM, subnets)
    assert (row.verdict, row.found) == (verdict, found)

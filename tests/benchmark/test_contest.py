"""Everybody whom the benchmark compares does the same work, there and back."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from benchmark.__main__ import NAME, first_switches, play
from benchmark.contestants import PROGRAM, contestants
from benchmark.ground import Ground, ground, run
from benchmark.outcome import differences, outcome
from components.errors import ExamError
from components.stack_files import read_settings
from sandbox.cli_install import find
from sandbox.process import PROJECT


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    if find(os.environ["PATH"]) is None:
        pytest.skip("no Pulumi CLI: run make setup")
    with mock.patch.dict(os.environ), ground(tmp_path_factory.mktemp("benchmark")) as ready:
        yield ready


@pytest.mark.long
def test_all_reach_the_same_and_a_posture_that_is_there_is_left_alone(place: Ground) -> None:
    players = contestants(place)
    wanted = first_switches(place, players[PROGRAM])
    assert wanted["exam"]["desired count"] == 2
    assert {"definition", "policies", "alarms", "target group"} <= set(differences(wanted["exam"], wanted["idle"]))
    for name, player in players.items():
        for posture in ("exam", "exam", "idle"):
            play(place, player, posture)
            assert differences(wanted[posture], outcome(read_settings(PROJECT, posture), NAME)) == [], (name, posture)


def test_a_contestant_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ExamError, match=r"^sh -c .* failed: no such cluster$"):
        run(["sh", "-c", "echo first; echo no such cluster; exit 3"], tmp_path)

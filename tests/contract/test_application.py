"""The web IDE's stand-in against what was recorded of the application (application/*.jsonl)."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox.application import __main__, accounts, runs
from sandbox.application.limits import Limits
from sandbox.children import free_port
from tests.contract.application.replay import Replay, differences, recording
from tests.contract.application.servers import Server, await_port, await_silence, output, running

LAST = 40  # the highest number of a user in the recordings
PAIR = ("student32", "student33")
BEATS = "import time\nfor i in range(5):\n    print('{name}', i)\n    time.sleep(0.1)\n"


@pytest.fixture(scope="module")
def passwords(database: str) -> dict[str, str]:
    return {account.username: account.password for account in accounts.create(database, LAST)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(database: str, data: Path, passwords: dict[str, str]) -> Iterator[Server]:
    """A server that has had its first run."""
    with running(database, data) as found:
        socket = found.signed_in("checklist", passwords["checklist"])
        assert output(socket.run(1, found.save("checklist", "warm.py", "print('warm')\n"))) == "warm\n"
        socket.close()
        yield found


def test_health_and_the_page_for_everything_else(server: Server, passwords: dict[str, str]) -> None:
    Replay("a_health", passwords, {"": server}).play()


def test_sessions_over_http(server: Server, passwords: dict[str, str]) -> None:
    Replay("b_login", passwords, {"": server}).play()


def test_a_login_costs_what_it_costs_the_application(server: Server, passwords: dict[str, str]) -> None:
    seconds = []
    for username, password in (("student35", passwords["student35"]), ("nobody", "x")):
        before = _cpu(server)
        server.http("POST", "/api/login", {"username": username, "password": password})
        seconds.append(_cpu(server) - before)
    assert 0.1 < seconds[0] < 0.8
    assert seconds[1] < 0.1


def _cpu(server: Server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_signing_in_on_a_socket(server: Server, passwords: dict[str, str]) -> None:
    Replay("c_websocket_auth", passwords, {"": server}).play()


def test_files(server: Server, passwords: dict[str, str]) -> None:
    sizes = {"items": 1099, "names": 1099, "nums": 998, "password": 1402, "words": 1099}
    folder = server.data / "ide" / "Local" / "student02"
    for name in ("Lecture_Examples", "submissions"):
        (folder / name).mkdir(parents=True)
    for name, size in sizes.items():
        (folder / f"{name}.py").write_text("#" * size)
    (folder / "welcome.py").write_text('print("hello")\n')
    # The application's limit on bursts lies between them.
    Replay("d_files", passwords, {"": server}, waits={8: 2.1, 14: 2.1}).play()
    assert (folder / "s.py").read_text() == "print(2)\n"
    assert not (server.data / "ide" / "Local" / "student03").exists()


@pytest.mark.parametrize(
    ("user", "path"),
    [
        ("student10", "Local/student05/x.py"),
        ("student11", "Local"),
        ("student12", "/etc/passwd"),
        ("student13", "Local/../../x.py"),
        ("student14", "../x.py"),
        ("student15", "Local/student15/link/x.py"),
    ],
)
def test_nobody_reaches_what_is_not_theirs(server: Server, passwords: dict[str, str], user: str, path: str) -> None:
    socket = server.signed_in(user, passwords[user])
    (server.data / "ide" / "Local" / user / "link").symlink_to(server.data.parent)
    before = sorted(server.data.rglob("*.py"))
    for command in ("ide_get_file", "ide_write_file", "ide_create_folder", "ide_del_file"):
        request = {"projectName": "Local", "filePath": path, "folderPath": path, "fileData": "x"}
        answer = socket.ask(cmd=command, id=1, data=request)
        assert answer.get("code") == -1 or answer["type"] == "error"
    assert sorted(server.data.rglob("*.py")) == before
    assert not list(server.data.parent.glob("*.py"))
    socket.close()


def test_runs_from_a_cold_start_on(server: Server, database: str, data: Path, passwords: dict[str, str]) -> None:
    with running(database, data) as fresh, ThreadPoolExecutor() as beside:
        # A program that waits for input at its time limit has none; on the other server, or outputs would mix.
        waits = {3: 3.3, 4: 0.7, 7: 0.5}
        late = beside.submit(Replay("e4_loop_after_input", passwords, {"": server}, waits=waits).play)
        # What follows asks for a subprocess, which the web page never does.
        replay = Replay("e_run", passwords, {"": fresh}, waits={1012: 0.3})
        replay.play("file sub.py written")
        late.result()
    took: dict[int, list[float]] = {}
    for line, moment in zip(replay.lines, replay.times, strict=False):
        number = line["message"].get("id", line["message"].get("cmd_id"))
        took.setdefault(number, []).append(moment)
    seconds = {number: moments[-1] - moments[0] for number, moments in took.items()}
    assert seconds[1001] >= 1.2  # cold
    assert seconds[1002] < 1.2
    assert 2.9 < seconds[1007] < 5  # the endless loop
    assert 1.9 < seconds[1012] < 5  # refused because it was running


def test_more_runs(server: Server, passwords: dict[str, str]) -> None:
    Replay("e3_run_more", passwords, {"": server}).play()


def test_a_prompt_without_input_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "INPUT_LIMIT", 0.1)
    monkeypatch.setattr(runs, "COLD", 0)
    monkeypatch.setattr(runs, "COLD_CPU", 0)
    sent: list[dict[str, Any]] = []
    run = runs.Run(runs.Process(), 5001, sent.append)
    run.start("print('hello')\n")
    while run.takes_input:
        time.sleep(0.02)
    wanted = [line["message"] for line in recording("e2_prompt_timeout") if line["message"].get("cmd_id") == 5001]
    assert differences(wanted, sent) == []


def test_the_prompt(server: Server, passwords: dict[str, str]) -> None:
    Replay("f_repl", passwords, {"": server}).play()


def test_a_flood_at_the_prompt_ends_the_server(database: str, data: Path, passwords: dict[str, str]) -> None:
    with running(database, data) as fresh:
        people = {"flooder": "student30", "bystander": "student31"}
        # The guard judges by the rate since the start.
        Replay("k_prompt_flood", passwords, {"": fresh}, signed_in=people, waits={2: 0.6}).play("bystander asks")
        assert fresh.process.wait(5) != 0


def test_limits(server: Server, passwords: dict[str, str]) -> None:
    wanted = [line["message"] for line in recording("g_limits") if line["message"].get("type") == "error"]
    refused, waiting = wanted[0], wanted[-1]
    path = server.save("student07", "p.py", "print('x')\n")
    for session in range(2):
        socket = server.signed_in("student07", passwords["student07"])
        for number in range(0 if session else 10):
            assert output(socket.run(number, path)) == "x\n"
            socket.stop(number)
        assert differences([refused], socket.run(11, path)) == []
        assert differences(refused, socket.ask(cmd="start_python_repl", id=12, data={})) == []
        socket.stop(11)
        socket.close()
    socket = server.signed_in("student08", passwords["student08"])
    get = {"projectName": "Local", "filePath": "Local/student08/welcome.py"}
    answers = [socket.ask(cmd="ide_get_file", id=number, data=get) for number in range(12)]
    assert [answer.get("code", "error") for answer in answers] == [0] * 10 + ["error"] * 2
    codes = [socket.ask(cmd="stop_python_program", id=1, data={})["type"] for _ in range(300)]
    assert codes == ["response"] * 288 + ["error"] * 12
    assert differences({**waiting, "message": "TEXT"}, socket.ask(cmd="ide_list_projects", id=1, data={})) == []
    socket.close()


def test_file_operations_are_limited_within_ten_seconds() -> None:
    limits = Limits()
    refusals = [limits.refusal("student01", "ide_get_file", turn * 0.25) for turn in range(32)]
    assert refusals[:30] == [None] * 30
    # The wait that is named is wrong, as recorded.
    assert [str(refusal).split()[-2] for refusal in refusals[30:]] == ["52", "52"]
    assert limits.refusal("student02", "ide_get_file", 7.75) is None
    assert limits.refusal("student01", "ide_get_file", 12) is None


def test_a_lost_socket_and_a_second_login(server: Server, passwords: dict[str, str]) -> None:
    def cut(replay: Replay) -> None:
        time.sleep(0.3)  # the program is running by now
        replay.sockets["first"].cut()

    Replay(
        "h_drop_and_second_login",
        passwords,
        {"": server},
        signed_in={"second": "student09"},
        actions={"the socket is cut": cut},
    ).play()


def test_two_servers_share_sessions_and_files_and_nothing_else(
    database: str, data: Path, passwords: dict[str, str], server: Server
) -> None:
    def ten_runs(replay: Replay) -> None:
        for number in range(10):
            assert output(replay.sockets["A1"].run(number, "Local/student20/two.py")) == "two\n"
            replay.sockets["A1"].stop(number)

    with running(database, data) as other:
        actions = {"10 runs on A": ten_runs}
        Replay("l_two_servers_one_db", passwords, {"A": server, "B": other}, actions=actions).play()


def test_sigterm_ends_it_at_once(database: str, data: Path, passwords: dict[str, str]) -> None:
    with running(database, data) as fresh:
        stop = {"signal SIGTERM": lambda _: fresh.process.terminate()}
        Replay("m_stop_signal_python", passwords, {"": fresh}, actions=stop).play()
        fresh.process.wait(1)


def test_outputs_that_overlap_are_mixed_up(database: str, data: Path, passwords: dict[str, str]) -> None:
    # A fresh server does not stall itself yet, which would bring the starts together.
    with running(database, data) as fresh:
        _beats(fresh, passwords, apart=0.0)  # until it is warm
        printed = _beats(fresh, passwords, apart=0.12)
        assert [printed[name] == _own(name) for name in PAIR] == [False, False]
        assert f"{PAIR[0]} 4" in printed[PAIR[1]]  # another student's line
        assert "[EXEC-LOCK]" in printed[PAIR[0]]  # the server's own, of the other's start
        assert _beats(fresh, passwords, apart=0.7) == {name: _own(name) for name in PAIR}


def _own(name: str) -> str:
    return "".join(f"{name} {number}\n" for number in range(5))


def _beats(server: Server, passwords: dict[str, str], *, apart: float) -> dict[str, str]:
    """What two students get who start so many seconds apart."""
    sockets = [server.signed_in(name, passwords[name]) for name in PAIR]
    paths = [server.save(name, "beats.py", BEATS.format(name=name)) for name in PAIR]
    with ThreadPoolExecutor() as both:
        results = []
        for socket, path in zip(sockets, paths, strict=True):
            results.append(both.submit(socket.run, 1, path))
            time.sleep(apart)
        printed = {name: output(result.result()) for name, result in zip(PAIR, results, strict=True)}
    for socket in sockets:
        socket.close()
    return printed


def test_every_message_is_activity(server: Server, passwords: dict[str, str], database: str) -> None:
    socket = server.signed_in("student36", passwords["student36"])
    last = (
        "SELECT last_activity, last_activity - (now() AT TIME ZONE 'utc') > interval '-5 seconds' FROM sessions "
        "JOIN users ON users.id = user_id WHERE username = 'student36' AND is_active"
    )
    with psycopg.connect(database, autocommit=True) as connection:
        before = connection.execute(last).fetchall()
        socket.ask(cmd="no_such_command", id=1)
        after = connection.execute(last).fetchall()
    socket.close()
    assert before[0][0] < after[0][0]
    assert after[0][1]


def test_it_lives_through_a_database_that_restarts(server: Server, passwords: dict[str, str], database: str) -> None:
    socket = server.signed_in("student37", passwords["student37"])
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
        )
    assert socket.ask(cmd="ide_list_projects", id=1, data={})["type"] == "error"
    assert socket.ask(cmd="ide_list_projects", id=1, data={})["code"] == 0
    assert server.http("GET", "/health").json()["database"] == "connected"
    socket.close()


@pytest.mark.parametrize("fault", ["wrong-output", "no-health", "kick"])
def test_faults(database: str, data: Path, passwords: dict[str, str], fault: str) -> None:
    with running(database, data, SANDBOX_APPLICATION_FAULT=fault) as spoiled:
        socket = spoiled.signed_in("checklist", passwords["checklist"])
        path = spoiled.save("checklist", "hello.py", "print('hello')\n")
        request = {"cmd": "run_python_program", "id": 1, "data": {"projectName": "Local", "filePath": path}}
        kicked = fault == "kick" and [socket.ask(**request)["type"], socket.receive()["close_code"]]
        printed = fault == "wrong-output" and output(socket.run(1, path))
        health = spoiled.http("GET", "/health")
    assert kicked == (["session_terminated", 4001] if fault == "kick" else False)
    assert printed == (f"{runs.FOREIGN_LINE}hello\n" if fault == "wrong-output" else False)
    assert health.status_code == 200
    assert ("html" in health.headers["content-type"]) == (fault == "no-health")


def test_it_stalls_itself_as_the_application_does(monkeypatch: pytest.MonkeyPatch) -> None:
    stalls: list[float] = []
    monkeypatch.setattr(__main__, "STALL_FIRST", 0.01)
    monkeypatch.setattr(__main__, "STALL_EVERY", 0.01)
    monkeypatch.setattr("sandbox.application.__main__.time.sleep", stalls.append)
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(__main__._stall(), 0.5))
    assert stalls[:4] == [1, 2, 1, 2]


def test_it_ends_with_its_parent(database: str, data: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "sandbox.application", "--port", str(port)]
    parent = f"import subprocess, time; subprocess.Popen({json.dumps(command)}); time.sleep(60)"
    environment = {**os.environ, "DATABASE_URL": database, "IDE_DATA_PATH": str(data), "DB_POOL_MIN": "1"}
    process = subprocess.Popen([sys.executable, "-c", parent], env=environment, stderr=subprocess.DEVNULL)
    await_port(port)
    process.kill()
    process.wait()
    await_silence(port)


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({"IDE_DATA_PATH": "."}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "postgresql://exam:hidden@127.0.0.1:9/x"}, "the database does not answer (OperationalError)"),
        (
            {"SANDBOX_APPLICATION_FAULT": "fire"},
            "the application does not start: SANDBOX_APPLICATION_FAULT is fire, not",
        ),
    ],
)
def test_what_it_says_when_it_cannot_start(environment: dict[str, str], text: str) -> None:
    own = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "IDE_DATA_PATH")}
    command = [sys.executable, "-m", "sandbox.application", "--port", "0"]
    done = subprocess.run(command, env={**own, **environment}, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().startswith(text)
    assert "hidden" not in done.stderr


def test_accounts_may_be_made_again(database: str, passwords: dict[str, str]) -> None:
    first, again = accounts.create(database, LAST), accounts.create(database, LAST)
    assert [each.username for each in again] == [each.username for each in first] == list(passwords)
    assert len({each.password for each in [*first, *again]}) == 2 * LAST + 2
    assert again[0].password not in repr(again[0])
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT password_hash FROM users WHERE username = 'student01'").fetchall()
    assert not accounts.matches(first[0].password, rows[0][0])
    assert accounts.matches(again[0].password, rows[0][0])
    assert again[0].password not in rows[0][0]

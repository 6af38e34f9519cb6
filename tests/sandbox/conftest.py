"""A real sandbox server on a free port, one for all tests of a worker, its world anew for each."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox import process
from sandbox.process import Server

Client = Callable[..., Any]


def client_of(server: Server, service: str, region: str = "us-east-2") -> Any:
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name=region,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
    )


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home: Path = tmp_path_factory.mktemp("sandbox")
    patch = pytest.MonkeyPatch()
    # Three times the usual pace: the order of things is the same.
    patch.setenv("SANDBOX_SPEED", os.environ.get("SANDBOX_SPEED", "900"))
    patch.setenv("SANDBOX_OWNER", str(os.getpid()))
    patch.setenv("SANDBOX_APPLICATION", "off")
    try:
        yield process.await_server(home, process.launch(home, 0))
    finally:
        process.stop(home)
        patch.undo()


@pytest.fixture
def server(running: Server) -> Server:
    running.ask("POST", "reset")
    return running


@pytest.fixture
def client(server: Server) -> Client:
    def make(service: str, region: str = "us-east-2") -> Any:
        return client_of(server, service, region)

    return make

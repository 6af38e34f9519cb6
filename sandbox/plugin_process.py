"""What both stand-ins are to the engine: a process that prints its port, serves, and ends quietly."""

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc

PARENT_POLL_SECONDS = 0.5
# What is imported stays: looking through it for rubbish takes as long as a third of the imports.
gc.set_threshold(100_000)


def serve(register: Callable[[grpc.Server], None], threads: int) -> None:
    """Serve what `register` adds, on a free port of loopback, and print it. Ends on SIGINT, SIGTERM, or orphaned."""
    _end_with_parent()
    server = grpc.server(ThreadPoolExecutor(threads), options=[("grpc.max_receive_message_length", -1)])
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop(0))
    print(port, flush=True)
    server.wait_for_termination()
    # Python would take a quarter of a second to take the SDKs apart, with the engine waiting for it.
    sys.stdout.flush()
    os._exit(0)


def _end_with_parent() -> None:
    """An engine that is killed leaves its plugins running, and nobody else would end them."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_POLL_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()

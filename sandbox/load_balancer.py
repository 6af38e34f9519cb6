"""The load balancer, for real: HAProxy, with the listener's rule and the target group's settings, on loopback.

Targets come and go by HAProxy's runtime API, so that open connections live on; other settings need a new process, which
takes the port over while the old one serves what is open with it.
https://docs.haproxy.org/2.6/management.html
"""

import csv
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from moto.elbv2.models import elbv2_backends

from sandbox import children
from sandbox.ecs.scheduler import SPEED
from sandbox.ecs.state import lock
from sandbox.parts import haproxy
from sandbox.world import ACCOUNT, REGION

SLOTS = 40  # the most targets at once
START_LIMIT = 10.0  # seconds
# However fast the sandbox's time is, HAProxy checks no more often: a check costs the application 0.1 s.
SHORTEST_INTERVAL = 2.0

CONFIGURATION = """
global
    stats socket {socket} mode 600 level admin
defaults
    mode http
    option forwardfor
    option redispatch
    timeout connect 5s
    timeout client {idle:.0f}s
    timeout server {idle:.0f}s
    timeout tunnel {idle:.0f}s
    timeout check {timeout:.0f}s
frontend listener
    bind fd@{listener}
    http-request return status 404 content-type text/plain unless {{ req.hdr(host),field(1,:) -i {host} }}
    http-request set-header X-Forwarded-Proto https
    default_backend tasks
backend tasks
    balance roundrobin
    {stickiness}
    option httpchk GET {path}
    http-check expect status 200
    default-server check inter {interval:.0f}s rise {rise} fall {fall}
"""
# ALB's cookie by its own name. It is made of the target's address, so that a slot's next target is another one.
STICKY = "dynamic-cookie-key pythonide-exam\n    cookie AWSALB insert indirect nocache httponly dynamic"


@dataclass(frozen=True)
class Rules:
    """What the listener and the target group say; times in seconds, `idle` the load balancer's idle timeout."""

    host: str
    target_group: str
    path: str
    interval: float
    timeout: float
    rise: int
    fall: int
    sticky: bool
    idle: float


@dataclass(frozen=True)
class Traffic:
    """Requests since this HAProxy runs, how many were answered 5xx, and the mean seconds of an answer lately."""

    requests: int = 0
    errors: int = 0
    seconds: float = 0


# Without a rule every request gets the listener's default action, the 404.
NO_RULE = Rules("no-rule.invalid", "", "/", SHORTEST_INTERVAL, 5, 2, 2, sticky=False, idle=60)


def rules() -> Rules:
    """The first rule that forwards a host to a target group, as it is in AWS now."""
    elb = elbv2_backends[ACCOUNT][REGION]
    with lock:
        for balancer in elb.load_balancers.values():
            for rule in (r for listener in balancer.listeners.values() for r in listener.rules.values()):
                hosts = [c["HostHeaderConfig"]["Values"] for c in rule.conditions if c["Field"] == "host-header"]
                group = elb.target_groups.get(str(rule.actions[0].data.get("TargetGroupArn")))
                if not hosts or group is None:
                    continue
                return Rules(
                    host=hosts[0][0],
                    target_group=group.arn,
                    path=group.health_check_path or "/",
                    interval=max(int(group.health_check_interval_seconds) / SPEED, SHORTEST_INTERVAL),
                    timeout=int(group.health_check_timeout_seconds),
                    rise=int(group.healthy_threshold_count),
                    fall=int(group.unhealthy_threshold_count),
                    sticky=str(group.attributes["stickiness.enabled"]) == "true",
                    idle=float(balancer.attrs.get("idle_timeout.timeout_seconds", 60)),
                )
    return NO_RULE


def configuration(rules: Rules, control: Path, listener: int, ports: dict[str, int]) -> str:
    """HAProxy's configuration: where it takes commands, its listening socket's number, the slots in use (ports)."""
    text = CONFIGURATION.format(
        **vars(rules), socket=control, listener=listener, stickiness=STICKY if rules.sticky else ""
    )
    return text + "".join(
        f"    server {slot} 127.0.0.1:{ports.get(slot, 9)}{'' if slot in ports else ' disabled'}\n"
        for slot in (f"target{number}" for number in range(SLOTS))
    )


class LoadBalancer:
    """HAProxy on a free port of loopback; one thread starts it, has it follow and closes it."""

    def __init__(self, folder: Path) -> None:
        """Takes a folder for its files, and its port; HAProxy itself runs from the first `follow` on."""
        self._control, self._file = folder / "haproxy.sock", folder / "haproxy.cfg"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._rules = NO_RULE
        self._ports: dict[str, int] = {}  # by task
        self._slots: dict[str, str] = {}  # by task
        # The slot that was left first is taken first: what is open with it has had the longest time to end.
        self._free = deque(f"target{number}" for number in range(SLOTS))
        self._processes: list[subprocess.Popen[bytes]] = []  # the newest last; older ones serve what is open

    def follow(self, rules: Rules, ports: dict[str, int]) -> None:
        """Sends new requests to the processes of these tasks (id: port); what is open with others stays open.

        Raises TimeoutError when HAProxy does not come up.
        """
        gone, new = self._ports.keys() - ports.keys(), ports.keys() - self._ports.keys()
        left = [self._slots.pop(task) for task in gone]
        self._slots |= {task: self._free.popleft() for task in new}
        self._free.extend(left)
        self._ports = dict(ports)
        self._processes = [p for p in self._processes if p.poll() is None]
        if rules != self._rules or not self._processes:
            self._rules = rules
            self._start()
            return
        commands = [f"set server tasks/{slot} state maint" for slot in left]
        for slot, port in ((self._slots[task], ports[task]) for task in new):
            commands.append(f"set server tasks/{slot} addr 127.0.0.1 port {port}")
            commands.append(f"set server tasks/{slot} state ready")
        for command in commands:
            self._command(command)

    def down(self) -> Set[str]:
        """The tasks whose process fails the health checks."""
        rows = csv.DictReader(self._command("show stat tasks 4 -1").removeprefix("# ").splitlines())
        states = {row["svname"]: row["status"] for row in rows}
        return {task for task, slot in self._slots.items() if states.get(slot, "").startswith("DOWN")}

    def traffic(self) -> Traffic:
        """What went through so far."""
        rows = csv.DictReader(self._command("show stat tasks 2 -1").removeprefix("# ").splitlines())
        for row in rows:
            return Traffic(int(row["req_tot"]), int(row["hrsp_5xx"]), int(row["ttime"]) / 1000)
        return Traffic()

    def close(self) -> None:
        """Ends HAProxy, and what is open with it."""
        for process in self._processes:
            children.end(process, signal.SIGTERM)
        self._listener.close()

    def _start(self) -> None:
        """Starts a process that takes over from the one before it."""
        ports = {self._slots[task]: port for task, port in self._ports.items()}
        self._file.write_text(configuration(self._rules, self._control, self._listener.fileno(), ports))
        old = ["-sf", str(self._processes[-1].pid)] if self._processes else []
        process = children.start(
            [haproxy() or "haproxy", "-db", "-q", "-f", str(self._file), *old],
            pass_fds=[self._listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._processes.append(process)
        limit = time.monotonic() + START_LIMIT
        while f"Pid: {process.pid}\n" not in self._command("show info"):
            if process.poll() is not None or time.monotonic() > limit:
                raise TimeoutError("HAProxy did not come up")
            time.sleep(0.02)

    def _command(self, text: str) -> str:
        """HAProxy's answer to a command; empty where nobody takes it."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(START_LIMIT)
            try:
                control.connect(str(self._control))
            except OSError:
                return ""
            control.sendall(f"{text}\n".encode())
            return b"".join(iter(lambda: control.recv(65536), b"")).decode()

"""`python -m sandbox`: a local AWS with the live environment, idle, for the real Pulumi engine to work on."""

import argparse
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from sandbox import process
from sandbox.process import SandboxError, Server

DEFAULT_PORT = 5199


def main() -> None:
    """Runs one command; its error, if any, is one line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("start", "bring up AWS and the live environment, and make Pulumi ready"),
        ("stop", "end it"),
        ("status", "what runs"),
        ("calls", "every AWS call since the start or the last --reset"),
        ("reset", "the live environment as at the start"),
        ("fault", "make AWS calls fail, until --clear or reset"),
        ("clock", "move AWS's clock ahead, for what it does at a time: exam.endsAt"),
        ("env", 'shell exports: eval "$(python -m sandbox env)"'),
    ):
        command = commands.add_parser(name, help=text)
        if name in ("status", "calls"):
            command.add_argument("--json", action="store_true", help="for programs")
        if name == "calls":
            command.add_argument("--reset", action="store_true", help="forget them afterwards")
        if name == "clock":
            command.add_argument("hours", type=float, help="how far")
        if name == "fault":
            command.add_argument("pattern", nargs="?", help="service:Action as `calls` has them, * for any text")
            command.add_argument("kind", nargs="?", choices=process.FAULT_KINDS)
            command.add_argument("--calls", type=int, help="the first so many calls (default: all)")
            command.add_argument("--seconds", type=float, default=60, help="how late a call that hangs is answered")
            command.add_argument("--list", action="store_true", help="the faults that there are")
            command.add_argument("--clear", action="store_true", help="end all faults")
    arguments = parser.parse_args()
    try:
        COMMANDS[arguments.command](arguments)
    except SandboxError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def start(_: argparse.Namespace) -> None:
    """Starts the server and, while it starts, prepares Pulumi."""
    from sandbox import engine  # noqa: PLC0415 - the other commands do without
    from sandbox.cli_install import EngineError  # noqa: PLC0415

    home = process.home()
    if server := process.find(home):
        print(f"The sandbox runs already, on port {server.port}.")
        return
    launched = process.launch(home, _port())
    try:
        engine.prepare(home)
        server = process.await_server(home, launched)
    except BaseException as error:
        launched.terminate()
        launched.wait()
        process.clear(home)
        if isinstance(error, EngineError):
            raise SandboxError(str(error)) from error
        raise
    for lacking in server.ask("GET", "status")["parts"]["lacks"]:
        print(f"The sandbox has {lacking}")
    me = f"{_short(sys.executable)} -m sandbox"
    print(f"The sandbox runs: AWS on http://127.0.0.1:{server.port}, the exam service idle. Next:")
    print(f'    eval "$({me} env)"\n    pulumi up -s exam\n    {me} status')


def stop(_: argparse.Namespace) -> None:
    """Ends the server."""
    print("The sandbox is stopped." if process.stop(process.home()) else "The sandbox does not run.")


def status(arguments: argparse.Namespace) -> None:
    """Prints what runs, as JSON or as a table."""
    told = _server().ask("GET", "status")
    print(json.dumps(told["world"]) if arguments.json else _table(told["world"], told["parts"]))


def calls(arguments: argparse.Namespace) -> None:
    """Prints the recorded calls, as JSON or as a table with a sum."""
    server = _server()
    made = server.ask("GET", "calls")
    if arguments.json:
        print(json.dumps(made))
    else:
        for call in made:
            print(f"{call['service']:<24} {call['action']:<32} {call['kind']:<6} {call['error'] or ''}".rstrip())
        writes = sum(call["kind"] == "write" for call in made)
        print(f"{len(made)} calls: {len(made) - writes} reads, {writes} writes")
    if arguments.reset:
        server.ask("DELETE", "calls")


def reset(_: argparse.Namespace) -> None:
    """Brings the world back to what it was at the start; Pulumi's state is another matter and stays."""
    _server().ask("POST", "reset")
    print("The live environment is as at the start; Pulumi's state is kept.")


def fault(arguments: argparse.Namespace) -> None:
    """Adds a fault, lists them, or ends them all."""
    server = _server()
    if arguments.clear:
        server.ask("DELETE", "faults")
    elif arguments.kind:
        asked = {name: getattr(arguments, name) for name in ("pattern", "kind", "calls", "seconds")}
        server.ask("POST", "faults", asked)
    elif not arguments.list:
        raise SandboxError(
            f"Say which calls and what befalls them: fault <service:Action> {{{','.join(process.FAULT_KINDS)}}}"
        )
    for known in server.ask("GET", "faults"):
        calls = "all calls" if known["calls"] is None else f"{known['calls']} more calls"
        print(f"{known['pattern']:<48} {known['kind']:<8} {calls}")


def clock(arguments: argparse.Namespace) -> None:
    """Moves AWS's clock ahead; prints what AWS has done at its time, and the mails."""
    server = _server()
    server.ask("POST", "clock", {"seconds": arguments.hours * 3600})
    told = server.ask("GET", "clock")
    print(f"AWS's clock is {told['ahead'] / 3600:g} hours ahead.")
    for name in told["done"]:
        print(f"done         {name}")
    for mail in told["mails"]:
        print(f"mail         {mail['text']}")


def env(_: argparse.Namespace) -> None:
    """Prints what a shell has to evaluate to work on the sandbox and on nothing else."""
    from sandbox import engine  # noqa: PLC0415 - the other commands do without
    from sandbox.cli_install import EngineError  # noqa: PLC0415

    home = process.home()
    try:
        server = _server()
        variables = engine.environment(home, server.port) | process.exam_variables(home, server)
    except EngineError as error:
        raise SandboxError(str(error)) from error
    for name in process.ELSEWHERE:
        if name not in variables:
            print(f"unset {name}")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


COMMANDS = {
    "start": start,
    "stop": stop,
    "status": status,
    "calls": calls,
    "reset": reset,
    "fault": fault,
    "clock": clock,
    "env": env,
}


def _server() -> Server:
    server = process.find(process.home())
    if server is None:
        raise SandboxError(f"The sandbox does not run; start it: {_short(sys.executable)} -m sandbox start")
    return server


def _port() -> int:
    text = os.environ.get("SANDBOX_PORT") or str(DEFAULT_PORT)
    if not text.isdigit() or int(text) > 65535:  # noqa: PLR2004 - the highest port
        raise SandboxError(f"SANDBOX_PORT is {text!r}; it must be a port number, or 0 for any free one")
    return int(text)


def _short(path: str) -> str:
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def _table(world: dict[str, Any], parts: dict[str, Any]) -> str:
    service, targets, autoscaling = world["service"], world["targets"], world["autoscaling"]
    rows = [("service", "deleted")]
    if service:
        rows = [
            ("tasks", f"{service['running']} running of {service['desired']} desired"),
            ("size", f"{service['cpu']} CPU units, {service['memory']} MB"),
            ("definition", service["taskDefinition"]),
            ("image", service["image"]),
        ]
        for d in service["deployments"]:
            failed = f", {d['failed']} failed" if d["failed"] else ""
            counts = f"{d['running']} running of {d['desired']}{failed}"
            rows.append(("deployment", f"{d['status']} {d['rolloutState']} {d['taskDefinition']}, {counts}"))
    rows.append(("targets", f"{targets['healthy']} healthy of {targets['total']}"))
    bounds = f"{autoscaling['min']}-{autoscaling['max']} tasks" if autoscaling else "none"
    if autoscaling and autoscaling["targetCpu"] is not None:
        bounds += f", at {autoscaling['targetCpu']:g} % of a task's CPU"
    rows.append(("autoscaling", bounds))
    rows += [("alarm", name) for name in world["alarms"]] or [("alarms", "none")]
    rows.append(("address", parts["address"] or "none"))
    rows.append(("database", "up" if parts["database"] else "none"))
    return "\n".join(f"{name:<12} {value}" for name, value in rows)


if __name__ == "__main__":
    main()

"""The stand-in `pulumi-language-python`: the SDK's own language server, running the project's `__main__.py`."""

import os
import runpy
import sys
from pathlib import Path
from typing import Any

from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from sandbox.plugin_process import serve


class ProgramHost(LanguageServer):
    """Runs the program of the project that the engine names."""

    def __init__(self) -> None:
        """The program is known with the first Run."""
        super().__init__(lambda: None)

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802  # the call's own name
        """Run the program as if for the first time: a preview and the update after it share this process."""
        folder = Path(request.info.program_directory or request.pwd)
        os.chdir(folder)
        before = set(sys.modules)
        sys.path.insert(0, str(folder))
        self.program = lambda: _run(folder / "__main__.py")
        result = super().Run(request, context)  # type: ignore[no-untyped-call]  # the SDK's, without types
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "") or "").startswith(f"{folder}{os.sep}"):
                del sys.modules[name]
        # The server has told the error already; the engine tells it again unless it is a bail.
        return language_pb2.RunResponse(bail=True) if result.error else result


def _run(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


if __name__ == "__main__":
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(ProgramHost(), server), threads=4)

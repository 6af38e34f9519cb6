"""The stand-in `pulumi-resource-aws`."""

import importlib.util
import sys
import types

from sandbox.plugin_process import serve


def skip_sdk() -> None:
    """Make the SDK's generated messages importable without the SDK, which takes as long to import as all the rest.

    The engine waits for this process twice in every update.
    """
    spec = importlib.util.find_spec("pulumi")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("the package pulumi is missing: pip install -r requirements.txt")
    root = spec.submodule_search_locations[0]
    for name, folder in (("pulumi", root), ("pulumi.runtime", f"{root}/runtime")):
        package = types.ModuleType(name)
        package.__path__ = [folder]
        sys.modules[name] = package


if __name__ == "__main__":
    skip_sdk()
    # After skip_sdk, or the whole SDK would be imported.
    from pulumi.runtime.proto import provider_pb2_grpc

    from sandbox.plugin.provider import Provider

    # A service that waits to be steady holds a thread; the engine asks for at most some dozens at a time.
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server), threads=64)

"""A Pulumi program of nothing: what an `up` takes whatever it does."""

import pulumi  # noqa: F401 - as every program does

"""The kinds of values that a configuration has, and the form of its objects."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


Whole = Annotated[int, BeforeValidator(_no_boolean)]
Number = Annotated[float, BeforeValidator(_no_boolean)]
Percent = Annotated[Number, Field(ge=1, le=100)]
Positive = Annotated[Whole, Field(ge=1)]
Name = Annotated[str, StringConstraints(min_length=1, pattern=r"^\S+$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")]


class Strict(BaseModel):
    """A model whose keys are written in camel case, as Pulumi's and AWS's are, and that refuses any other key."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, allow_inf_nan=False)

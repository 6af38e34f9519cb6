"""`python -m deployment TAG`: the stack whose posture is live, and the tag's image by its digest. Reads only.

It prints two lines, `stack=...` and `image=...`, in the form of GITHUB_OUTPUT. One `pulumi up` of that stack with that
image then is the deployment: guarded, watched and rolled back as any other `up`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components import summary, task_definition
from components.aws import explained
from components.errors import ExamError
from components.image import NAME, read_image
from components.live import Live, read_live
from components.settings import Settings
from components.stack_files import STACKS, read_access, read_settings

SHOWN = 3  # changes


def main(arguments: Sequence[str] | None = None) -> int:
    """Say what to roll out, from the project's folder; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployment", description="What to roll out. Reads only.")
    parser.add_argument("tag", metavar="TAG", help="a tag of the live image's repository in ECR")
    try:
        stack, image = deployment(Path.cwd(), parser.parse_args(arguments).tag)
    except ExamError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"stack={stack}\nimage={image}")
    return 0


def deployment(folder: Path, tag: str) -> tuple[str, str]:
    """The stack to run `up` of, and the image to run it with, for `tag`; the project is in `folder`.

    Raises ExamError for what stands in the way, also where AWS does not tell what is live.
    """
    postures = {stack: read_settings(folder, stack) for stack in STACKS}
    settings = postures[STACKS[0]]
    access = read_access(folder, STACKS[0], settings.read_limit)
    live = read_live(access, settings)
    stack = live_stack(postures, live)
    container = task_definition.container_of(live.task_definition, settings.container)
    return stack, by_digest(access.client("ecr"), str(container["image"]), tag)


def live_stack(postures: dict[str, Settings], live: Live) -> str:
    """The stack whose posture is live: an `up` of it would change nothing.

    Raises ExamError where there is none, or its own file names an image, which the next `up` would bring back.
    """
    changes = {stack: summary.changes(posture, live) for stack, posture in postures.items()}
    stack = min(changes, key=lambda stack: len(changes[stack]))
    if lines := changes[stack]:
        raise ExamError(
            f"neither posture is live; an `up` of the nearer one, {stack}, would change {'; '.join(lines[:SHOWN])}"
            f"{' and more' if len(lines) > SHOWN else ''}; run pulumi up -s {stack} first"
        )
    if image := postures[stack].image:
        raise ExamError(
            f"Pulumi.{stack}.yaml names the image {image}, and the next `up` would bring it back; "
            f'first let the live image be: pulumi config set -s {stack} image ""'
        )
    return stack


def by_digest(ecr: Any, live_image: str, tag: str) -> str:
    """The image that has `tag` in the live image's repository, as repository@digest; `ecr` is a client.

    Raises ExamError where the live image is not one of ECR's, there is no such tag, or it may not be read.
    """
    repository = live_image.partition("@")[0].partition(":")[0]
    name = f"{repository}:{tag}"
    if not NAME.fullmatch(name):
        raise ExamError(
            f"the live image {live_image} is not in ECR, so {tag} is not looked for there; roll it out by hand"
        )
    with explained(f"image {name}", ecr.meta.region_name):
        found = read_image(ecr, name)
    if found is None:
        raise ExamError(f"no image {name} in ECR; push it first")
    return f"{repository}@{found['imageDigest']}"


if __name__ == "__main__":
    sys.exit(main())

"""An image in ECR: what its name says, and what ECR has under it. Read-only."""

import re
from typing import Any

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
NAME = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/(?P<repository>[^:@]+)"
    r"(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]+))?"
)


def read_image(ecr: Any, name: str) -> dict[str, Any] | None:
    """What ECR (DescribeImages) says of the image `name`, by its digest or else its tag; None where there is none.

    Raises ValueError for a name that is not one of ECR's, and what boto3 raises.
    """
    parts = NAME.fullmatch(name)
    if parts is None:
        raise ValueError(f"{name} is not in ECR")
    by = {"imageDigest": parts["digest"]} if parts["digest"] else {"imageTag": parts["tag"] or "latest"}
    asked = {"registryId": parts["registry"], "repositoryName": parts["repository"], "imageIds": [by]}
    try:
        return dict(ecr.describe_images(**asked)["imageDetails"][0])
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return None

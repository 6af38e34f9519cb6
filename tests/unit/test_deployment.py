"""What a deployment rolls out, and what stands in its way: one line each."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from components.errors import ExamError
from deployment.__main__ import by_digest, live_stack, main
from tests.postures import live, settings
from tests.readiness.worlds import DIGEST, IMAGE, exam

POSTURES = {stack: settings(stack) for stack in ("exam", "idle")}
REPOSITORY = "123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam"

# What `up -s idle` leaves of autoscaling.
IDLE_SCALING: dict[str, Any] = {
    "scaling_policies": [
        {
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 45,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                "DisableScaleIn": False,
            }
        }
    ]
}


def test_the_posture_that_is_live_stays() -> None:
    assert live_stack(POSTURES, exam()) == "exam"
    assert live_stack(POSTURES, live(scalable_target={"MinCapacity": 1, "MaxCapacity": 1}, **IDLE_SCALING)) == "idle"


def test_a_posture_that_autoscaling_has_scaled_out_is_live_too() -> None:
    scaled = exam()
    assert live_stack(POSTURES, exam(service={**scaled.service, "desiredCount": 5})) == "exam"


def test_between_two_postures_nothing_is_deployed() -> None:
    halfway = exam(scalable_target={"MinCapacity": 1, "MaxCapacity": 4})
    with pytest.raises(ExamError) as error:
        live_stack(POSTURES, halfway)
    assert str(error.value) == (
        "neither posture is live; an `up` of the nearer one, exam, would change autoscaling bounds: 1-4 -> 2-6; "
        "run pulumi up -s exam first"
    )


def test_an_image_in_the_stack_file_would_undo_it() -> None:
    with pytest.raises(ExamError, match=r"^Pulumi.exam.yaml names the image .*: pulumi config set -s exam image \"\"$"):
        live_stack({**POSTURES, "exam": settings("exam", image=IMAGE)}, exam())


def ecr(answer: dict[str, Any] | None, **asked: Any) -> Any:
    """A client that is asked once, for this; None: there is no such image."""
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("ecr", region_name="us-east-2", **keys)
    stub = Stubber(client)
    expected = {"registryId": "123456789012", "repositoryName": "pythonide-exam", "imageIds": [asked]}
    if answer:
        stub.add_response("describe_images", {"imageDetails": [answer]}, expected)
    else:
        stub.add_client_error("describe_images", "ImageNotFoundException", expected_params=expected)
    stub.activate()
    return client


@pytest.mark.parametrize("image", [IMAGE, REPOSITORY, f"{REPOSITORY}@{DIGEST}"])
def test_a_tag_is_looked_for_beside_the_live_image(image: str) -> None:
    other = "sha256:" + "b" * 64
    assert by_digest(ecr({"imageDigest": other}, imageTag="5f0c"), image, "5f0c") == f"{REPOSITORY}@{other}"


def test_no_such_tag() -> None:
    with pytest.raises(ExamError, match=rf"^no image {REPOSITORY}:5f0c in ECR; push it first$"):
        by_digest(ecr(None, imageTag="5f0c"), IMAGE, "5f0c")


def test_an_image_from_elsewhere_is_not_looked_for() -> None:
    with pytest.raises(ExamError, match=r"^the live image docker\.io/school/ide:2 is not in ECR"):
        by_digest(None, "docker.io/school/ide:2", "5f0c")


def test_where_there_is_no_project_it_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["5f0c"]) == 1
    said = "cannot read Pulumi.yaml: No such file or directory; run this in the project's folder\n"
    assert capsys.readouterr() == ("", said)

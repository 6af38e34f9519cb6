"""Tags, which AWS's services spell in their own ways and Pulumi as one map."""

from typing import Any

from sandbox.plugin.resource import Properties


def tags_of(state: Properties) -> dict[str, str]:
    """The tags in a resource's state."""
    return dict(state.get("tags") or {})


def key_value(tags: dict[str, str] | None) -> list[dict[str, str]]:
    """Tags as most of AWS's calls take them."""
    return [{"Key": key, "Value": value} for key, value in sorted((tags or {}).items())]


def retag(aws: Any, resource: dict[str, str], old: dict[str, str], new: dict[str, str]) -> None:
    """Make `new` of the tags `old` with the fewest calls; `resource` names it as TagResource wants it."""
    if gone := sorted(old.keys() - new.keys()):
        aws.untag_resource(**resource, TagKeys=gone)
    if changed := {key: value for key, value in new.items() if old.get(key) != value}:
        aws.tag_resource(**resource, Tags=key_value(changed))


def lower_key_value(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as ECS's calls take them."""
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]


def tag_map(tags: list[dict[str, str]]) -> dict[str, str]:
    """Tags out of an answer of ECS's."""
    return {tag["key"]: tag["value"] for tag in tags}


def ecs_retag(ecs: Any, arn: str, old: dict[str, str], new: dict[str, str]) -> None:
    """Make `new` of the tags `old` of an ECS resource with the fewest calls."""
    if gone := sorted(old.keys() - new.keys()):
        ecs.untag_resource(resourceArn=arn, tagKeys=gone)
    if changed := {key: value for key, value in new.items() if old.get(key) != value}:
        ecs.tag_resource(resourceArn=arn, tags=lower_key_value(changed))

"""The checks of every area, in the order of the screen. A new area is its file, its import and its place here."""

from readiness.check import Check
from readiness.checks import (
    alarms,
    application,
    autoscaling,
    database,
    ecr,
    ecs,
    efs,
    health_endpoint,
    limits,
    load_balancer,
    logs,
    network,
    posture,
    revert,
    secrets,
    students,
)

CHECKS: tuple[Check, ...] = (
    *posture.CHECKS,
    *ecs.CHECKS,
    *autoscaling.CHECKS,
    *revert.CHECKS,
    *load_balancer.CHECKS,
    *health_endpoint.CHECKS,
    *application.CHECKS,
    *students.CHECKS,
    *database.CHECKS,
    *efs.CHECKS,
    *ecr.CHECKS,
    *network.CHECKS,
    *alarms.CHECKS,
    *limits.CHECKS,
    *logs.CHECKS,
    *secrets.CHECKS,
)

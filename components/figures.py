"""Arithmetic of a posture: what the application can use, what it expects, what it costs. Pure."""

from dataclasses import dataclass

from components.posture import Posture
from components.settings import Application, Settings

CPU_UNITS = 1024  # CPU units of a vCPU
# USD an hour, Fargate, Linux/x86, us-east-2, on demand; https://aws.amazon.com/fargate/pricing/ as in the action plan
# (November 2026).
PRICE_VCPU_HOUR = 0.04048
PRICE_GB_HOUR = 0.004445
# vCPU that one student needs: 34 students kept one task of 1 vCPU at 60-70 % (action plan, today's option).
VCPU_A_STUDENT = 0.65 / 34


@dataclass(frozen=True)
class Percent:
    """One percentage in both counts: of what the application can use, and of the task as AWS counts it."""

    usable: float
    aws: float

    def __str__(self) -> str:
        return f"{self.usable:g} % of usable = {self.aws:g} % of the task"


def usable_vcpus(cpu: int, application: Application) -> float:
    """The vCPU that the application can use of a task of `cpu` CPU units (design: percentages)."""
    vcpus = cpu / CPU_UNITS
    return vcpus if application.vcpus is None else min(vcpus, application.vcpus)


def cpu_percent(percent: float, cpu: int, application: Application) -> Percent:
    """`percent` of what the application can use, beside the same load in percent of a task of `cpu` CPU units."""
    return Percent(percent, round(percent * usable_vcpus(cpu, application) * CPU_UNITS / cpu, 2))


def hourly_cost(tasks: int, cpu: int, memory: int) -> float:
    """USD an hour of `tasks` tasks of `cpu` CPU units and `memory` MB."""
    return tasks * (cpu / CPU_UNITS * PRICE_VCPU_HOUR + memory / 1024 * PRICE_GB_HOUR)


def desired_count(posture: Posture, live: int) -> int:
    """The count to ask for: never below what autoscaling has reached, always within the bounds (design: count)."""
    bounds = posture.autoscaling
    return min(max(posture.task_count, live, bounds.min), bounds.max)


def tasks(count: int) -> str:
    """A count of tasks in words, for the operator."""
    return "1 task" if count == 1 else f"{count} tasks"


def size(cpu: int, memory: int) -> str:
    """A task's size, CPU units and MB, in words: "1 vCPU / 2 GB"."""
    return f"{cpu / CPU_UNITS:g} vCPU / {memory / 1024:g} GB"


def outputs(settings: Settings, tasks: int, idle_cost: float) -> dict[str, float | str]:
    """What the posture gives with `tasks` tasks, for the stack's outputs; `idle_cost` in USD an hour."""
    cpu, memory, students = settings.cpu, settings.memory, settings.students
    vcpus = tasks * cpu / CPU_UNITS
    usable = tasks * usable_vcpus(cpu, settings.application)
    cost = hourly_cost(tasks, cpu, memory)
    return {
        "vcpus": vcpus,
        "usableVcpus": usable,
        "memoryMb": tasks * memory,
        "vcpusPerStudent": round(vcpus / students, 3),
        "memoryMbPerStudent": round(tasks * memory / students),
        "expectedCpuPercent": round(100 * students * VCPU_A_STUDENT / vcpus, 1),
        "expectedUsablePercent": round(100 * students * VCPU_A_STUDENT / usable, 1),
        "autoscalingTarget": str(cpu_percent(settings.autoscaling.target_cpu, cpu, settings.application)),
        "cpuAlarmThreshold": str(cpu_percent(settings.alarms.cpu, cpu, settings.application)),
        "usdPerHour": round(cost, 4),
        "usdPerHourAboveIdle": round(cost - idle_cost, 4),
    }

"""A Pulumi program of several services in one posture, to see what a further one costs."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from components import program
from components.guard import guard
from components.live import read_account, read_live
from components.python_ide_exam import PythonIdeExam
from components.stack_files import read_settings

PROJECT = Path(__file__).resolve().parent.parent
SERVICE = "benchmark-{}"
COUNT, POSTURE = int(os.environ["BENCHMARK_SERVICES"]), os.environ["BENCHMARK_POSTURE"]

posture = read_settings(PROJECT, POSTURE)
postures = [posture.model_copy(update={"service": SERVICE.format(number)}) for number in range(COUNT)]
access = program.access(posture.read_limit)
account = read_account(access)
with ThreadPoolExecutor() as aside:
    lives = list(aside.map(lambda settings: read_live(access, settings, account=account), postures))
for settings, live in zip(postures, lives, strict=True):
    guard(settings, live)
    PythonIdeExam(settings.service, settings, live)

"""A Pulumi program of several services, to see what a further one costs; stack `exam-5` has five in that posture."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi

from components import program
from components.guard import guard
from components.live import read_account, read_live
from components.python_ide_exam import PythonIdeExam
from components.stack_files import read_settings

PROJECT = Path(__file__).resolve().parent.parent
SERVICE = "benchmark-{}"
POSTURE, _, COUNT = pulumi.get_stack().partition("-")

posture, idle = read_settings(PROJECT, POSTURE), read_settings(PROJECT, "idle")
postures = [posture.model_copy(update={"service": SERVICE.format(number)}) for number in range(int(COUNT))]
access = program.access(posture.read_limit)
account = read_account(access)
with ThreadPoolExecutor() as aside:
    lives = list(aside.map(lambda settings: read_live(access, settings, account=account), postures))
for settings, live in zip(postures, lives, strict=True):
    guard(settings, live)
    PythonIdeExam(settings.service, settings, live, idle)

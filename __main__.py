"""The switch: settings -> live -> PythonIdeExam -> outputs."""

import pulumi

from components import hints, program, revert, summary
from components.errors import ExamError
from components.guard import guard
from components.outputs import export
from components.python_ide_exam import PythonIdeExam
from components.stack_files import read_settings

try:
    settings = program.settings()
    idle = read_settings(program.project_folder(), "idle")
    live = program.read_live(settings)
    revert.check(pulumi.get_stack(), settings, live)
    changes = summary.changes(settings, live)
    pulumi.log.info(summary.text(pulumi.get_stack(), changes))
    if changes and (hint := hints.hint(pulumi.get_stack(), settings, live)):
        pulumi.log.warn(hint)
    guard(settings, live)
    exam = PythonIdeExam("pythonide-exam", settings, live, idle)
    export(exam, settings, live, idle)
except ExamError as error:
    raise pulumi.RunError(str(error)) from None

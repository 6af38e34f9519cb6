from readiness.checks import secrets
from readiness.checks.secrets import Source
from readiness.row import Verdict
from tests.postures import SECRET
from tests.readiness.worlds import EXAM, definition, exam

ARN = "arn:aws:secretsmanager:us-east-2:123456789012:secret:pythonide-exam/database-url-AbCdEf"
STORED, PARAMETER = Source("DATABASE_URL", "secretsmanager", ARN), Source("TOKEN", "ssm", "arn:parameter/token")


def test_a_credential_in_clear_is_a_warning_that_does_not_show_it() -> None:
    row = secrets.in_clear(EXAM, exam())
    assert (row.verdict, row.found) == (Verdict.WARN, "DATABASE_URL in pythonide-exam-task:7")
    assert SECRET not in str(row)


def test_a_sidecars_counts_too() -> None:
    both = definition(environment=[])
    both["containerDefinitions"].append({"name": "agent", "environment": [{"name": "API_TOKEN", "value": "x"}]})
    assert secrets.in_clear(EXAM, exam(task_definition=both)).found == "API_TOKEN in pythonide-exam-task:7"


def test_none_in_clear_is_ok() -> None:
    plain = definition(environment=[{"name": "IS_EXAM_MODE", "value": "true"}])
    assert secrets.in_clear(EXAM, exam(task_definition=plain)).verdict is Verdict.OK


def test_every_entry_is_there() -> None:
    row = secrets.entries(EXAM, [(STORED, True), (PARAMETER, True)])
    assert (row.verdict, row.found) == (Verdict.OK, "there: DATABASE_URL, TOKEN")
    assert secrets.entries(EXAM, []).found == "none"


def test_a_missing_entry_fails_by_name_and_arn() -> None:
    row = secrets.entries(EXAM, [(STORED, True), (PARAMETER, False)])
    assert (row.verdict, row.found) == (Verdict.FAIL, "not there: TOKEN (arn:parameter/token)")


def test_what_the_execution_role_may_read() -> None:
    assert secrets.execution_role(EXAM, [(STORED, True)]).verdict is Verdict.OK
    assert secrets.execution_role(EXAM, []).verdict is Verdict.OK
    row = secrets.execution_role(EXAM, [(STORED, False), (PARAMETER, False)])
    assert row.verdict is Verdict.FAIL
    assert row.found == "may not secretsmanager:GetSecretValue of DATABASE_URL, ssm:GetParameters of TOKEN"

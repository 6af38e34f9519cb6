"""What others did meanwhile: autoscaling, a deployment, a lost state, a `destroy`. Each begins with the untouched world."""

from tests.engine.harness import Project


def test_autoscaling_and_deployments_survive_exam_and_idle_takes_back_the_count_alone(project: Project) -> None:
    project.up("exam")
    project.scale_to(5)
    done = project.up("exam")
    assert project.status()["service"]["desired"] == 5
    assert project.writes() == []
    assert "19 unchanged" in done.output
    image = "123456789012.dkr.ecr.us-east-2.amazonaws.com/pythonide-exam:2026-11-25"
    project.deploy(image=image, variable=("NEW_FEATURE", "on"))
    for stack, cpu, count in (("exam", "2048", 5), ("idle", "1024", 1)):
        project.up(stack)
        assert project.status()["service"]["desired"] == count
        definition = project.definition()
        container = definition["containerDefinitions"][0]
        assert definition["cpu"] == cpu
        assert container["image"] == image
        assert {"name": "NEW_FEATURE", "value": "on"} in container["environment"]
    assert project.status()["service"]["running"] == 1


def test_state_is_disposable(project: Project) -> None:
    project.up("exam")
    before = project.running_tasks(), project.definition(), project.status()
    project.lose_state()
    project.up("exam")
    assert (project.running_tasks(), project.definition(), project.status()) == before
    project.up("exam")
    assert project.writes() == []


def test_destroy_touches_neither_service_nor_target_group(project: Project) -> None:
    project.up("exam")
    before = project.service()["taskDefinition"], project.running_tasks(), project.definition(), project.target_group()
    project.forget_calls()
    done = project.pulumi("destroy", "-s", "exam", "--yes", "--skip-preview")
    assert done.code == 0, done.output
    after = project.service()["taskDefinition"], project.running_tasks(), project.definition(), project.target_group()
    assert after == before
    assert not {"UpdateService", "DeleteService", "DeregisterTaskDefinition"} & set(project.writes())
    status = project.status()
    assert (status["autoscaling"], status["alarms"], status["service"]["desired"]) == (None, [], 2)
    assert project.dashboards() == {}
    project.up("idle")
    assert list(project.dashboards()) == ["pythonide-exam"]
    status = project.status()
    assert (status["autoscaling"], len(status["alarms"])) == ({"min": 1, "max": 1, "targetCpu": 45}, 7)
    assert status["service"]["running"] == 1

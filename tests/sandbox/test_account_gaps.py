"""What the readiness checklist reads of the sandbox's AWS, and what moto lacks of it."""

import json
import time

from sandbox.world import ACCOUNT, HOST_NAME, REGION
from tests.sandbox.aws import error_of
from tests.sandbox.conftest import Client

ADDRESS = "operator@school.example"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ecsTaskExecutionRole"


def test_an_address_has_to_confirm(client: Client) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    arn = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADDRESS, ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]

    def listed() -> str:
        (found,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        assert found["Endpoint"] == ADDRESS
        return str(found["SubscriptionArn"])

    def pending() -> str:
        return str(sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"])

    assert (listed(), pending()) == ("PendingConfirmation", "true")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADDRESS)
    assert error_of(sns.confirm_subscription, TopicArn=topic, Token="guessed") == "InvalidParameter"
    sns.confirm_subscription(TopicArn=topic, Token=arn.rpartition(":")[2])
    assert (listed(), pending()) == (arn, "false")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADDRESS)
    assert listed() == arn


def test_a_queue_need_not_confirm(client: Client) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")["SubscriptionArn"]
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"] == arn


def test_a_roles_policies_decide_what_it_may(client: Client) -> None:
    iam = client("iam")
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:pythonide-exam/database-url-AbCdEf"
    asked = {
        "PolicySourceArn": ROLE,
        "ActionNames": ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        "ResourceArns": [secret, secret.replace("pythonide-exam", "other")],
    }

    def decisions() -> list[str]:
        return [r["EvalDecision"] for r in iam.simulate_principal_policy(**asked)["EvaluationResults"]]

    assert decisions() == ["allowed", "implicitDeny", "implicitDeny", "implicitDeny"]
    statement = {"Effect": "Allow", "Action": "secretsmanager:PutSecretValue", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = iam.create_policy(PolicyName="more", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="ecsTaskExecutionRole", PolicyArn=policy)
    assert decisions() == ["allowed", "implicitDeny", "allowed", "allowed"]
    asked["PolicySourceArn"] = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    assert error_of(iam.simulate_principal_policy, **asked) == "NoSuchEntity"


def test_the_quota_of_fargate(client: Client) -> None:
    quotas = client("service-quotas")
    quota = quotas.get_service_quota(ServiceCode="fargate", QuotaCode="L-3032A538")["Quota"]
    assert (quota["QuotaName"], quota["Value"]) == ("Fargate On-Demand vCPU resource count", 140)
    assert quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-F678F1CE")["Quota"]["QuotaName"]


def test_log_events_are_filtered_by_any_term(client: Client) -> None:
    logs, group = client("logs"), "/aws/ecs/pythonide-exam"
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    lines = ["INFO all is well", "ERROR one", "a Traceback follows", "error two"]
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)

    def found(pattern: str) -> list[str]:
        answer = logs.filter_log_events(logGroupName=group, filterPattern=pattern)
        return [event["message"] for event in answer["events"]]

    assert found("?ERROR ?Traceback") == lines[1:3]
    assert found("ERROR") == lines[1:2]
    assert found("") == lines


def test_the_load_balancers_certificate_and_security_group(client: Client) -> None:
    elb, ec2 = client("elbv2"), client("ec2")
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    arn = listener["Certificates"][0]["CertificateArn"]
    certificate = client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    assert (certificate["DomainName"], certificate["Status"]) == (HOST_NAME, "ISSUED")
    assert certificate["NotAfter"].timestamp() > time.time() + 86400
    groups = {group["GroupName"]: group for group in ec2.describe_security_groups()["SecurityGroups"]}
    assert balancer["SecurityGroups"] == [groups["pythonide-alb"]["GroupId"]]
    pairs = [p for rule in groups["pythonide-exam-tasks"]["IpPermissions"] for p in rule["UserIdGroupPairs"]]
    assert [pair["GroupId"] for pair in pairs] == balancer["SecurityGroups"]

"""An AWS account in moto in which every recorded request makes sense."""

import json
from typing import Any

import boto3

CLUSTER, SERVICE, FAMILY = "pythonide-cluster", "pythonide-exam-task-service", "pythonide-exam-task"
CONTAINER = {"name": "pythonide-exam", "image": "pythonide-exam:latest", "portMappings": [{"containerPort": 8080}]}
POLICY_OF_TOPIC = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}


class World:
    """The live environment of the recordings; `localised` puts this account's ids in the place of the recorded ones."""

    def __init__(self) -> None:
        self.ecs, self.elb = boto3.client("ecs"), boto3.client("elbv2")
        vpc, subnets, group = self._network()
        created = self.elb.create_target_group(
            Name="pythonide-exam-tg",
            Protocol="HTTP",
            Port=8080,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/api/health",
        )
        self.target_group = created["TargetGroups"][0]["TargetGroupArn"]
        balancer = self.elb.create_load_balancer(Name="pythonide-alb", Subnets=subnets)["LoadBalancers"][0]
        forward = [{"Type": "forward", "TargetGroupArn": self.target_group}]
        self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward
        )
        self._service(subnets, group)
        self._rest()
        self.ids = {
            "6de063e219368e1f": self.target_group.rpartition("/")[2],
            "vpc-d6b79a1f0b329421f": vpc,
            "subnet-501d9ca641d9dd0f2": subnets[0],
            "subnet-7485d7160e34758ef": subnets[1],
            "sg-e2f9aa50e6a4f4b7e": group,
        }

    def localised(self, recorded: Any) -> Any:
        text = json.dumps(recorded)
        for theirs, ours in self.ids.items():
            text = text.replace(theirs, ours)
        return json.loads(text)

    def set_service(self, properties: dict[str, Any]) -> None:
        """Bring the service into the state that `properties` (the plugin's) describe."""
        percents = {
            "maximumPercent": properties["deploymentMaximumPercent"],
            "minimumHealthyPercent": properties["deploymentMinimumHealthyPercent"],
        }
        breaker = {"deploymentCircuitBreaker": properties["deploymentCircuitBreaker"]}
        self.ecs.update_service(
            cluster=CLUSTER,
            service=SERVICE,
            desiredCount=properties["desiredCount"],
            taskDefinition=properties["taskDefinition"],
            deploymentConfiguration={**breaker, **{key: value for key, value in percents.items() if value}},
        )

    def set_target_group(self, properties: dict[str, Any]) -> None:
        """Bring the target group into the state that `properties` (the plugin's) describe."""
        check, stickiness = properties["healthCheck"], properties["stickiness"]
        self.elb.modify_target_group(
            TargetGroupArn=self.target_group,
            HealthyThresholdCount=check["healthyThreshold"],
            UnhealthyThresholdCount=check["unhealthyThreshold"],
            HealthCheckPath=check["path"],
        )
        attributes = {
            "deregistration_delay.timeout_seconds": properties["deregistrationDelay"],
            "stickiness.enabled": str(stickiness["enabled"]).lower(),
            "stickiness.lb_cookie.duration_seconds": stickiness["cookieDuration"],
        }
        pairs = [{"Key": key, "Value": str(value)} for key, value in attributes.items()]
        self.elb.modify_target_group_attributes(TargetGroupArn=self.target_group, Attributes=pairs)

    def _network(self) -> tuple[str, list[str], str]:
        ec2 = boto3.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"us-east-2{zone}")["Subnet"][
                "SubnetId"
            ]
            for i, zone in enumerate("ab")
        ]
        group = ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]
        return vpc, subnets, group

    def _service(self, subnets: list[str], group: str) -> None:
        self.ecs.create_cluster(clusterName=CLUSTER)
        for _revision in (1, 2, 3):
            self.ecs.register_task_definition(
                family=FAMILY, cpu="1024", memory="2048", networkMode="awsvpc", containerDefinitions=[CONTAINER]
            )
        network = {"subnets": subnets, "securityGroups": [group], "assignPublicIp": "ENABLED"}
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=SERVICE,
            taskDefinition=f"{FAMILY}:1",
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
            loadBalancers=[
                {"targetGroupArn": self.target_group, "containerName": "pythonide-exam", "containerPort": 8080}
            ],
        )

    def _rest(self) -> None:
        boto3.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{CLUSTER}/{SERVICE}",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=1,
            MaxCapacity=1,
        )
        boto3.client("events").put_rule(
            Name="pythonide-exam-deployment-failed", EventPattern=json.dumps({"source": ["aws.ecs"]})
        )
        sns = boto3.client("sns")
        arn = sns.create_topic(Name="pythonide-exam-alarms")["TopicArn"]
        policy = {"Version": "2012-10-17", "Statement": [{**POLICY_OF_TOPIC, "Resource": arn}]}
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))


def mend(ecs: Any) -> None:
    """Make a client's services steady, and let them keep their platform version: moto starts no tasks and drops it."""
    describe, update = ecs.describe_services, ecs.update_service

    def mended(service: dict[str, Any]) -> dict[str, Any]:
        deployment = {**service["deployments"][0], "status": "PRIMARY", "rolloutState": "COMPLETED"}
        deployment["taskDefinition"] = service["taskDefinition"]
        count = service["desiredCount"]
        return {**service, "runningCount": count, "deployments": [deployment], "platformVersion": "LATEST"}

    ecs.describe_services = lambda **asked: {"services": [mended(found) for found in describe(**asked)["services"]]}
    ecs.update_service = lambda **asked: {"service": mended(update(**asked)["service"])}

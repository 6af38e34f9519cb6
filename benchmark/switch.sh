#!/bin/bash
# The action plan's AWS CLI script, repaired: `switch.sh exam` or `switch.sh idle`.
#
# Repaired: the new definition is the live one with size and health check changed, so that volume, mount and log
# configuration stay; the revision is named, as `family:LATEST` is none; bounds come before the count, the shorter
# deregistration delay before the rollout and the longer after it, the policy where its metrics are there.
set -euo pipefail
export AWS_PAGER="" AWS_DEFAULT_OUTPUT=text

cluster=pythonide-cluster service=pythonide-exam-task-service container=pythonide-exam name=pythonide-exam
resource=service/$cluster/$service
case ${1:-} in
exam)
    count=2 cpu=2048 memory=4096 min=2 max=6 target=22.5 cpu_alarm=40 disable_scale_in=true resolution=20
    metric=ECSServiceAverageCPUUtilizationHighResolution
    check='{"command": ["CMD-SHELL", "curl -fsS -o /dev/null http://localhost:8080/health || exit 1"],
            "interval": 30, "timeout": 10, "retries": 3, "startPeriod": 60}'
    path=/health healthy=2 unhealthy=3 sticky=true delay=3600
    events='"SERVICE_DEPLOYMENT_FAILED", "SERVICE_DEPLOYMENT_IN_PROGRESS"'
    ;;
idle)
    count=1 cpu=1024 memory=2048 min=1 max=1 target=45 cpu_alarm=80 disable_scale_in=false resolution=60
    metric=ECSServiceAverageCPUUtilization
    check=null
    path=/api/health healthy=5 unhealthy=2 sticky=false delay=300
    events='"SERVICE_DEPLOYMENT_FAILED"'
    ;;
*)
    echo "exam or idle?" >&2
    exit 2
    ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

read -r live group arn < <(aws ecs describe-services --cluster $cluster --services $service \
    --query 'services[0].[taskDefinition, loadBalancers[0].targetGroupArn, serviceArn]')
read -r balancer < <(aws elbv2 describe-target-groups --target-group-arns "$group" \
    --query 'TargetGroups[0].LoadBalancerArns[0]')
topic=$(aws sns create-topic --name $name-alarms --query TopicArn)

aws ecs describe-task-definition --task-definition "$live" --include TAGS --output json >"$work/live.json"
python3 - "$work" $container $cpu $memory "$check" <<'DERIVE'
import json, sys
folder, name, cpu, memory, check = sys.argv[1:]
answer = json.load(open(f"{folder}/live.json"))
filled_in = ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
             "registeredBy")
definition = {key: value for key, value in answer["taskDefinition"].items() if key not in filled_in}
definition |= {"cpu": cpu, "memory": memory, "tags": answer.get("tags", [])}
container = next(c for c in definition["containerDefinitions"] if c["name"] == name)
container.pop("healthCheck", None)
if json.loads(check):
    container["healthCheck"] = json.loads(check)
json.dump(definition, open(f"{folder}/new.json", "w"))
DERIVE
revision=$(aws ecs register-task-definition --cli-input-json "file://$work/new.json" \
    --query taskDefinition.taskDefinitionArn)

policy() {
    aws application-autoscaling put-scaling-policy --service-namespace ecs --resource-id $resource \
        --scalable-dimension ecs:service:DesiredCount --policy-name $name-cpu-scaling-policy \
        --policy-type TargetTrackingScaling --target-tracking-scaling-policy-configuration \
        "{\"TargetValue\": $target, \"PredefinedMetricSpecification\": {\"PredefinedMetricType\": \"$metric\"},
          \"ScaleOutCooldown\": 60, \"ScaleInCooldown\": 300, \"DisableScaleIn\": $disable_scale_in}" >/dev/null
}
target_group() {
    aws elbv2 modify-target-group --target-group-arn "$group" --health-check-path $path \
        --health-check-interval-seconds 30 --health-check-timeout-seconds 5 \
        --healthy-threshold-count $healthy --unhealthy-threshold-count $unhealthy >/dev/null
    aws elbv2 modify-target-group-attributes --target-group-arn "$group" --attributes \
        Key=stickiness.enabled,Value=$sticky Key=stickiness.type,Value=lb_cookie \
        Key=stickiness.lb_cookie.duration_seconds,Value=86400 \
        Key=deregistration_delay.timeout_seconds,Value=$delay >/dev/null
}

aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id $resource \
    --scalable-dimension ecs:service:DesiredCount --min-capacity $min --max-capacity $max >/dev/null
if [ "$1" = idle ]; then policy; target_group; fi
aws ecs update-service --cluster $cluster --service $service --task-definition "$revision" --desired-count $count \
    --deployment-configuration 'deploymentCircuitBreaker={enable=true,rollback=true}' --monitoring \
    "metricConfigurations=[{metricNames=[CPUUtilization,MemoryUtilization],resolutionSeconds=$resolution}]" >/dev/null
aws ecs wait services-stable --cluster $cluster --services $service
if [ "$1" = exam ]; then policy; target_group; fi

alarm() {
    aws cloudwatch put-metric-alarm --alarm-name "$name-$1" --alarm-description "$2" --namespace "$3" --metric-name "$4" \
        --comparison-operator "$5" --threshold "$6" --treat-missing-data "$7" --period 60 --evaluation-periods 2 \
        --alarm-actions "$topic" --ok-actions "$topic" "${@:8}"
}
ecs=(--dimensions Name=ClusterName,Value=$cluster Name=ServiceName,Value=$service)
elb=(--dimensions Name=TargetGroup,Value="${group##*:}" Name=LoadBalancer,Value="${balancer##*:loadbalancer/}")
database=(--dimensions Name=DBInstanceIdentifier,Value=pythonide-db)
above=GreaterThanThreshold at_least=GreaterThanOrEqualToThreshold below=LessThanThreshold
alarm cpu "CPU above 80 % of usable = $cpu_alarm % of the task" AWS/ECS CPUUtilization $above $cpu_alarm missing \
    --statistic Average "${ecs[@]}"
alarm memory "memory above 75 %" AWS/ECS MemoryUtilization $above 75 missing --statistic Average "${ecs[@]}"
alarm database-connections "70 or more connections to pythonide-db" AWS/RDS DatabaseConnections $at_least 70 missing \
    --statistic Maximum "${database[@]}"
alarm unhealthy-hosts "1 or more unhealthy targets" AWS/ApplicationELB UnHealthyHostCount $at_least 1 missing \
    --statistic Maximum "${elb[@]}"
alarm healthy-hosts "fewer than $min healthy targets" AWS/ApplicationELB HealthyHostCount $below $min breaching \
    --statistic Minimum "${elb[@]}"
alarm server-errors "5 or more HTTP 5xx answers in a period" AWS/ApplicationELB HTTPCode_Target_5XX_Count $at_least 5 \
    notBreaching --statistic Sum "${elb[@]}"
alarm response-time "p95 of the answers slower than 10 s" AWS/ApplicationELB TargetResponseTime $above 10 notBreaching \
    --extended-statistic p95 "${elb[@]}"
aws events put-rule --name $name-deployment \
    --description "A deployment of the exam service failed or, during an exam, started." --event-pattern \
    "{\"source\": [\"aws.ecs\"], \"detail-type\": [\"ECS Deployment State Change\"], \"resources\": [\"$arn\"],
      \"detail\": {\"eventName\": [$events]}}" >/dev/null

"""A Pulumi program that declares nothing and asks AWS one thing: what an `up` with the AWS plugin takes at least."""

import pulumi_aws

pulumi_aws.get_caller_identity()

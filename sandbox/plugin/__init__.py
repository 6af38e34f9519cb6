"""The stand-in for Pulumi's AWS plugin: the resource types of this project, mapped onto boto3."""

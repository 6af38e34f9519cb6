"""ECS for the sandbox: the scheduler that moto lacks, and the API operations that show its work."""

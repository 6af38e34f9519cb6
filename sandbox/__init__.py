"""A local AWS and a real Pulumi engine, in which the two commands of this project run."""

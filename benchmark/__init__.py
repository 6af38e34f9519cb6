"""What a switch takes, against what it could take: `make benchmark` writes docs/benchmark.md."""

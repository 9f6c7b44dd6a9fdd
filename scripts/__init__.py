"""What developers and CI run: environments, build, local stack, benchmarks."""

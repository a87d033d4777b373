"""What is measured, each a command: `python -m benchmarks` runs all, `python -m benchmarks.append` one."""

"""Run R and Python scripts in parallel over shards of data, on this machine and on Amazon SageMaker."""

"""The requests that SageMaker takes, and their validation."""

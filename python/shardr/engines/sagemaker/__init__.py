"""SageMaker as a place to run."""

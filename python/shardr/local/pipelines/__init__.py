"""Pipelines on this machine: definitions read and checked, and their executions."""

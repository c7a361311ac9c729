"""Containers: the daemon, the images."""

"""Endpoints of this machine: models that are kept running, behind one name."""

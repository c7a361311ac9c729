"""Metrics of training steps as people look at them: a table, a line of text, a picture."""

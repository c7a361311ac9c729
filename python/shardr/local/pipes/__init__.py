"""Channels that are streamed: a FIFO for each epoch instead of a folder with files."""

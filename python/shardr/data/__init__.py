"""Shards, records and tables: files and bytes in, files and bytes out."""

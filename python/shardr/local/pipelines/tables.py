"""The tables of pipelines and their executions, in the job store's file."""

TABLES = """
CREATE TABLE IF NOT EXISTS pipelines (
  name TEXT PRIMARY KEY, display TEXT, description TEXT, role TEXT NOT NULL, parallel INTEGER, tags TEXT NOT NULL,
  token TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL, last_run REAL, version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pipeline_versions (
  pipeline TEXT NOT NULL, version INTEGER NOT NULL, definition TEXT NOT NULL, created REAL NOT NULL,
  PRIMARY KEY (pipeline, version));
CREATE TABLE IF NOT EXISTS executions (
  arn TEXT PRIMARY KEY, pipeline TEXT NOT NULL, version INTEGER NOT NULL, display TEXT, description TEXT,
  given TEXT NOT NULL, parameters TEXT NOT NULL, parallel INTEGER, selection TEXT, machine TEXT NOT NULL,
  status TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL, reason TEXT, token TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS executions_pipeline ON executions (pipeline);
CREATE TABLE IF NOT EXISTS execution_steps (
  execution TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, started REAL NOT NULL, ended REAL,
  attempt INTEGER NOT NULL, job TEXT, reason TEXT, outcome TEXT, cache_key TEXT, cached_from TEXT, due REAL,
  PRIMARY KEY (execution, name));
"""

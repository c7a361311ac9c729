"""How executions of pipelines and their steps stand, in the words of jobs."""

from __future__ import annotations

WORDS = {
    "Starting": "InProgress",
    "Executing": "InProgress",
    "Succeeded": "Completed",
    "CompletedWithFailures": "Failed",
}


def in_words_of_jobs(status: str) -> str:
    """The state of a job that means the same; the other words are the same.

    >>> in_words_of_jobs("Succeeded"), in_words_of_jobs("Stopped")
    ('Completed', 'Stopped')
    """
    return WORDS.get(status, status)

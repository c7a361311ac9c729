"""Of a longer message the first 1 KB is kept."""

from pathlib import Path

Path("/opt/ml/output/message").write_text("a" * 3000)

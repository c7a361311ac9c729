"""Write ``inst/images/debian-r-packages.txt``: what Debian bookworm has of CRAN and Bioconductor, and at which version.

Reads the lists of packages of this machine, so run it on a bookworm, after ``apt-get update``. Debian's names are in
lower case; R's own spelling is in the address of the package's page.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "inst" / "images" / "debian-r-packages.txt"
PAGE = re.compile(
    r"https?://(?:www\.)?(?:cran\.[\w.-]+|bioconductor\.org)/\S*?(?:package=|packages/(?:release/\w+/html/)?)([\w.]+)",
    re.IGNORECASE,
)
SPELLED = {
    name.lower(): name
    for name in (
        "HSMMSingleCell", "Rcpp", "Rniftilib", "TCGAbiolinksGUI.data", "fAssets", "geneLenDataBase", "medAdherence",
        "org.Hs.eg.db", "scRNAseq",
    )
}  # fmt: skip
"""Those whose page tells nothing of the name."""


def main() -> None:
    """Write the table, sorted by name."""
    command = ["apt-cache", "search", "--full", "--names-only", "^r-(cran|bioc)-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {name: f"{name} {version} {archive}\n" for name, version, archive in map(_entry, _records(text))}
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("".join(found[name] for name in sorted(found)), encoding="utf-8")
    print(f"{len(found)} packages in {TARGET}")


def _records(text: str) -> list[dict[str, str]]:
    records = [dict(re.findall(r"(?m)^([\w-]+): (.*)$", record)) for record in text.split("\n\n")]
    return [record for record in records if re.match(r"r-(cran|bioc)-", record.get("Package", ""))]


def _entry(record: dict[str, str]) -> tuple[str, str, str]:
    archive, low = re.fullmatch(r"r-(cran|bioc)-(.*)", record["Package"]).groups()  # type: ignore[union-attr]
    page = PAGE.search(record.get("Homepage", ""))
    written = page[1].rstrip(".") if page else ""
    name = written if written.lower() == low else SPELLED.get(low, low)
    upstream = record["Version"].rpartition("-")[0]
    return name, re.split(r"[+~](?:dfsg|ds)", upstream)[0], archive


if __name__ == "__main__":
    main()

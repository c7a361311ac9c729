"""What a server of a home keeps in it: that it lives, where it listens, and what clients must know."""

from __future__ import annotations

import json
import os
import shlex
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from shardr.local import locks

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.home import Home
    from shardr.local.objects import Keys

SERVICES = ("SAGEMAKER", "SAGEMAKER_RUNTIME", "CLOUDWATCH_LOGS", "STS", "IAM")
PROXIES = ("HTTPS_PROXY", "https_proxy")
CLEARED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
"""What would lead clients to another account."""
NO_TELEMETRY = "SchemaVersion: '1.0'\nSageMaker:\n  PythonSDK:\n    Modules:\n      TelemetryOptOut: true\n"


@dataclass(frozen=True)
class Served:
    """A server that runs: where it listens, and the environment in which clients find it."""

    pid: int
    url: str
    s3_url: str
    proxy_url: str
    region: str
    signed: bool
    """Whether requests are only answered when they are signed with the keys in ``environment``."""
    environment: dict[str, str]
    before: dict[str, str]
    """What of the environment was set otherwise when the server was started."""
    cleared: tuple[str, ...] = CLEARED
    """Variables that must not be set."""

    def exports(self) -> str:
        """Lines for a shell that make clients find it."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.environment.items()]
        return "\n".join([*lines, f"unset {' '.join(self.cleared)}"])

    def unsets(self) -> str:
        """Lines for a shell that undo ``exports``."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.before.items()]
        return "\n".join([f"unset {' '.join(name for name in self.environment if name not in self.before)}", *lines])


@dataclass(frozen=True)
class ServeFolder:
    """The folder ``serve`` of a home, for its owner alone."""

    root: Path

    @classmethod
    def of(cls, home: Home) -> ServeFolder:
        """That of a home; made when it is not there."""
        home.make()
        root = home.root / "serve"
        root.mkdir(mode=0o700, exist_ok=True)
        return cls(root)

    @property
    def log(self) -> Path:
        """What a detached server had to say."""
        return self.root / "server.log"

    @property
    def certificates(self) -> Path:
        """The authorities that clients are to trust, the server's own among them."""
        return self.root / "certificates.pem"

    @property
    def sdk_settings(self) -> Path:
        """Defaults of the SageMaker SDK: it is not to tell AWS of calls that never reach it."""
        return self.root / "sagemaker.yaml"

    def take(self) -> int | None:
        """The lock that a server holds as long as it lives, whoever ends it; None while another one does."""
        return locks.take(self.root / "server.lock")

    def alive(self) -> bool:
        """Whether a server lives."""
        return locks.held(self.root / "server.lock")

    def tell(self, served: Served) -> None:
        """Lets others find the server."""
        write_private(self.root / "server.json", json.dumps(asdict(served)).encode())

    def told(self) -> Served | None:
        """The server that lives; None when none does, or when it is not ready yet."""
        with suppress(FileNotFoundError, ValueError, TypeError):
            if self.alive():
                return Served(**json.loads((self.root / "server.json").read_bytes()))
        return None

    def forget(self) -> None:
        """Takes back what was told; also what a server that was killed had told."""
        (self.root / "server.json").unlink(missing_ok=True)

    def kept(self) -> dict[str, Any]:
        """Ports and keys of the last server: the next one takes them again, so that open shells still fit."""
        with suppress(FileNotFoundError, ValueError):
            found = json.loads((self.root / "kept.json").read_bytes())
            return found if isinstance(found, dict) else {}
        return {}

    def keep(self, ports: dict[str, int], keys: Keys) -> None:
        """Remembers them."""
        write_private(self.root / "kept.json", json.dumps({**ports, **asdict(keys)}).encode())


def environment(folder: ServeFolder, url: str, s3_url: str, proxy_url: str, region: str, keys: Keys) -> dict[str, str]:
    """The variables with which clients of AWS find the server, and nothing of AWS."""
    around = [word for word in os.environ.get("NO_PROXY", os.environ.get("no_proxy", "")).split(",") if word]
    # what goes to this machine takes no proxy, and what the SDK sends to STS must take ours
    kept = [word for word in around if word != "*" and "amazonaws" not in word]
    direct = ",".join(dict.fromkeys(["127.0.0.1", "localhost", *kept]))
    return {
        "AWS_ENDPOINT_URL": url,
        **{f"AWS_ENDPOINT_URL_{service}": url for service in SERVICES},
        "AWS_ENDPOINT_URL_S3": s3_url,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_ACCESS_KEY_ID": keys.id,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CA_BUNDLE": str(folder.certificates),
        **dict.fromkeys(PROXIES, proxy_url),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), direct),
        # the administrator's settings, not the user's: these stay in force
        "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": str(folder.sdk_settings),
    }


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that its owner alone can read; whoever reads sees all of it or none."""
    hidden = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    with open(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # noqa: PTH123
        stream.write(content)
    hidden.replace(path)

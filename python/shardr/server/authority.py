"""An authority for one server's life, which vouches for hosts of AWS on this machine and for nothing else."""

from __future__ import annotations

import os
import ssl
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shardr.requests.service_model import certificates

if TYPE_CHECKING:
    from collections.abc import Callable

DOMAINS = ("amazonaws.com", "amazonaws.com.cn")
"""Below which a certificate of ours is good; a client believes it nowhere else."""
DAYS = 365


class Authority:
    """Makes certificates by name. Its key is in memory only: when the server ends, nobody can sign with it."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shardr serve, this machine only")])
        permitted = x509.NameConstraints([x509.DNSName(domain) for domain in DOMAINS], None)
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        key = self._key.public_key()
        self._certificate = (
            self._builder(self._name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(usage, critical=True)
            .add_extension(permitted, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.context_of: Callable[[str], ssl.SSLContext] = cache(self._context_of)

    def bundle(self, own: Path) -> bytes:
        """The authorities that clients trust already, those that were named to them, and this one; for ``own``."""
        named = Path(os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or own)
        trusted = named if named.is_file() and named != own else certificates()
        return trusted.read_bytes().rstrip() + b"\n" + self._certificate.public_bytes(Encoding.PEM)

    def context(self) -> ssl.SSLContext:
        """What a listener needs to be each host that it is asked for."""
        first = self.context_of(f"sts.{DOMAINS[0]}")

        def named(socket: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            socket.context = self.context_of(name or f"sts.{DOMAINS[0]}")

        first.sni_callback = named
        return first

    def _context_of(self, name: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        made = (
            self._builder(subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory(prefix="shardr-tls-") as folder:  # for its owner alone; OpenSSL reads files only
            path = Path(folder, "host.pem")
            secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            path.write_bytes(secret + made.public_bytes(Encoding.PEM))
            context.load_cert_chain(path)
        return context

    def _builder(self, subject: x509.Name, key: Any) -> x509.CertificateBuilder:
        now = datetime.now(timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=DAYS))
        )

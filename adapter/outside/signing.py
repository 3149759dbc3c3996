"""Certificates and keys as files: whom we trust, and what we sign with."""

import logging
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapter.wire import certificates
from adapter.wire.certificates import Trust
from adapter.wire.signature import SigningKey

_REVOCATIONS = ".crl"
_Listing = tuple[tuple[str, int, int], ...]


class TrustFolder:
    """The trust list of a folder as it stands when asked for; files may come and go while we run.

    Certificates (PEM or DER) of authorities and of partners, and revocation lists (`*.crl`) of those authorities.
    A list that cannot be right is told once, and the one before it counts on: half a copy must stop nobody.
    """

    def __init__(self, folder: Path) -> None:
        """Raises ValueError or OSError for a folder that cannot be right."""
        self._folder = folder
        self._seen = _listing(folder)
        self._trust = read_trust(folder)

    def __call__(self) -> Trust:
        seen = _listing(self._folder)
        if seen != self._seen:
            self._seen = seen
            try:
                self._trust = read_trust(self._folder)
            except (OSError, *certificates.UNREADABLE):
                logging.getLogger(__name__).warning("trust-list-unreadable")
        return self._trust


def read_trust(folder: Path) -> Trust:
    """The trust list of a folder. Raises ValueError naming the file, or OSError."""
    files = _files(folder)
    revocations = {f.name: _revocations(f) for f in files if f.suffix == _REVOCATIONS}
    return certificates.trust(
        {f.name: _certificates(f) for f in files if f.suffix != _REVOCATIONS}, revocations
    )


def read_signing_key(key: Path, certificate: Path, organisation: str) -> SigningKey:
    """The key (PEM, RSA, not encrypted) and its certificate, which may be followed by those above it (PEM).

    The certificate is that of `organisation` (number), which sends: a receiver would refuse any other.
    Raises ValueError naming the file, never what stands in it, or OSError.
    """
    try:
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise ValueError(f"{key.name}: not a private key in PEM without a passphrase") from None
    if not isinstance(private, RSAPrivateKey):
        raise ValueError(f"{key.name}: not an RSA key")
    chain = _certificates(certificate)
    if chain[0].public_key() != private.public_key():
        raise ValueError(f"{certificate.name}: the first certificate is not that of the key")
    if certificates.organisation_of(chain[0]) != organisation:
        raise ValueError(f"{certificate.name}: not a certificate of the organisation that sends")
    return SigningKey(private, tuple(chain), certificate.name)


def _files(folder: Path) -> Sequence[Path]:
    """Hidden names are none of ours: a mounted Kubernetes volume has some."""
    return sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))


def _listing(folder: Path) -> _Listing:
    try:
        standing = [(f.name, f.stat()) for f in _files(folder)]
    except OSError:  # taken away meanwhile
        return ()
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in standing)


def _certificates(file: Path) -> list[x509.Certificate]:
    content = file.read_bytes()
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except certificates.UNREADABLE:
        raise ValueError(f"{file.name}: not a certificate") from None


def _revocations(file: Path) -> x509.CertificateRevocationList:
    content = file.read_bytes()
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_crl(content)
        return x509.load_der_x509_crl(content)
    except certificates.UNREADABLE:
        raise ValueError(f"{file.name}: not a revocation list") from None

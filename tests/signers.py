"""Synthetic authorities and signers, made on the spot: no key is ever kept in a file of the project.

Keys are made once a process; making one takes up to a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOSPITAL, OTHER = "999900011", "999900033"


def _usage(*, sign: bool, certify: bool = False, commit: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=commit,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certify,
        crl_sign=certify,
        encipher_only=False,
        decipher_only=False,
    )


NON_REPUDIATION = _usage(sign=False, commit=True)
ENCIPHERS_ONLY = _usage(sign=False)
CERTIFIES = _usage(sign=False, certify=True)


@cache
def key_of(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Signer:
    """A key with its certificate, and the certificates above it that it sends along."""

    key: PrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> list[x509.Certificate]:
        return [self.certificate, *self.above]


def subject(
    name: str, organisation: str | None = None, oid: x509.ObjectIdentifier | None = None
) -> x509.Name:
    """A subject as SEID has it: organizationIdentifier NTRNO-…, or with another `oid` the bare number there."""
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "NO"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "SYNTETISK SERTIFIKAT (TEST)"),
        x509.NameAttribute(NameOID.COMMON_NAME, name),
    ]
    if organisation:
        value = organisation if oid else f"NTRNO-{organisation}"
        attributes.append(x509.NameAttribute(oid or NameOID.ORGANIZATION_IDENTIFIER, value))
    return x509.Name(attributes)


def authority(
    name: str = "SYNTETISK UTSTEDER", above: Signer | None = None, usage: x509.KeyUsage | None = CERTIFIES
) -> Signer:
    """An authority: a root, or one that another has vouched for."""
    key = key_of(name)
    issuer = above or Signer(key, None)  # type: ignore[arg-type] # of itself
    made = _builder(subject(name), key, issuer, AT - timedelta(days=900), AT + timedelta(days=900))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    if usage:
        made = made.add_extension(usage, critical=True)
    return Signer(key, made.sign(issuer.key, hashes.SHA256()))


def signer(
    issuer: Signer,
    organisation: str | None = HOSPITAL,
    *,
    begins: datetime = AT - timedelta(days=300),
    ends: datetime = AT + timedelta(days=300),
    oid: x509.ObjectIdentifier | None = None,
    key: PrivateKey | None = None,
    usage: x509.KeyUsage | None = None,
    above: tuple[x509.Certificate, ...] = (),
) -> Signer:
    """An organisation with a certificate of `issuer`."""
    key = key or key_of("signer")
    made = _builder(subject("SYNTETISK VIRKSOMHET", organisation, oid), key, issuer, begins, ends)
    made = made.add_extension(usage or _usage(sign=True), critical=True)
    return Signer(key, made.sign(issuer.key, hashes.SHA256()), above)


def self_signed(organisation: str) -> Signer:
    """A partner's certificate that no authority stands behind."""
    key = key_of("self-signed")
    name = subject("SYNTETISK VIRKSOMHET", organisation)
    made = x509.CertificateBuilder(name, name, key.public_key(), 4711, AT - timedelta(1), AT + timedelta(99))
    return Signer(key, made.sign(key, hashes.SHA256()))


def revocations(issuer: Signer, revoked: Sequence[x509.Certificate], until: datetime = AT) -> bytes:
    """A revocation list (PEM) of an authority."""
    made = x509.CertificateRevocationListBuilder(issuer.certificate.subject, AT - timedelta(1), until)
    for one in revoked:
        entry = x509.RevokedCertificateBuilder(one.serial_number, AT - timedelta(days=2))
        made = made.add_revoked_certificate(entry.build())
    return made.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


class _Old(XMLSigner):
    """Signs with SHA-1 too, which the library refuses to do by itself."""

    def check_deprecated_methods(self) -> None:
        return None


def signed(
    message: bytes | etree._Element,
    by: Signer,
    *,
    method: SignatureMethod = SignatureMethod.RSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
    c14n: CanonicalizationMethod = CanonicalizationMethod.CANONICAL_XML_1_0,
    chain: Sequence[x509.Certificate] | None = None,
    reference: str | None = None,
) -> bytes:
    """A message with an enveloped signature, as somebody else's program would sign it."""
    root = etree.fromstring(message) if isinstance(message, bytes) else message
    maker = _Old(signature_algorithm=method, digest_algorithm=digest, c14n_algorithm=c14n)
    result = maker.sign(root, key=by.key, cert=list(chain or by.chain), reference_uri=reference)
    return etree.tostring(result, xml_declaration=True, encoding="UTF-8")


def _builder(
    name: x509.Name, key: PrivateKey, issuer: Signer, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    own = issuer.certificate is None
    issued_by = name if own else issuer.certificate.subject
    made = x509.CertificateBuilder(issued_by, name, key.public_key(), None, begins, ends)
    made = made.serial_number(x509.random_serial_number())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return made.add_extension(identifier, critical=False).add_extension(above, critical=False)

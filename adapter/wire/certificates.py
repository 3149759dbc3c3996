"""Whose certificate it is, and whether the operator's trust list vouches for it.

Norwegian enterprise certificates (virksomhetssertifikat, SEID) name the organisation in the subject: as
organizationIdentifier `NTRNO-999900011` (ETSI EN 319 412-1), older ones as serialNumber `999900011`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

UNREADABLE: Final = (
    ValueError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What comes of a certificate or revocation list that is damaged or strange, often only when it is asked for more."""

_NUMBER = re.compile(r"(?:NTRNO-)?([0-9]{9})")
_NAMED_IN = (NameOID.ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER)


def _may_sign(_: Policy, __: x509.Certificate, usage: x509.KeyUsage) -> None:
    """Enterprise certificates come in sets, and the one for signatures has nonRepudiation and nothing else."""
    if not (usage.digital_signature or usage.content_commitment):
        raise ValueError("the key is not one for signatures")


def _may_issue(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    """RFC 5280 § 4.2.1.3; an authority made with the defaults of openssl does not say."""
    if usage and not usage.key_cert_sign:
        raise ValueError("the key is not one for certificates")


_SIGNER = ExtensionPolicy.permit_all().require_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
_AUTHORITY = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_issue)
)


@dataclass(frozen=True, slots=True)
class Held:
    """Something that falls out of use by itself: the file it stands in, and until when (UTC) it counts."""

    file: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Trust:
    """What the operator trusts.

    `listed` certificates are trusted as they are, whoever issued them; `authorities` also vouch for those that
    they issued. `revoked`: issuer and serial number of what no longer counts.
    """

    listed: frozenset[x509.Certificate]
    authorities: Store | None
    revoked: frozenset[tuple[x509.Name, int]]
    held: tuple[Held, ...] = field(default=())


def trust(
    certificates: Mapping[str, Sequence[x509.Certificate]],
    revocations: Mapping[str, x509.CertificateRevocationList],
) -> Trust:
    """What these files (by name) come to. Raises ValueError naming the file that cannot be right.

    A revocation list must be signed by one of the certificates. One that is past its next update still counts for
    what it names: `expiring` tells of it.
    """
    listed = [one for held in certificates.values() for one in held]
    if not listed:
        raise ValueError("no certificate in the trust list")
    authorities = [one for one in listed if _is_authority(one)]
    for file, revoked in revocations.items():
        if not any(_signed_by(revoked, one) for one in authorities):
            raise ValueError(f"{file}: not signed by an authority of the trust list")
    return Trust(
        listed=frozenset(listed),
        authorities=Store(authorities) if authorities else None,
        revoked=frozenset((r.issuer, one.serial_number) for r in revocations.values() for one in r),
        held=(
            *(held_by(file, chain) for file, chain in certificates.items()),
            *(Held(file, one.next_update_utc) for file, one in revocations.items() if one.next_update_utc),
        ),
    )


def held_by(file: str, chain: Sequence[x509.Certificate]) -> Held:
    """Until when all of a chain counts."""
    return Held(file, min(one.not_valid_after_utc for one in chain))


def expiring(
    held: Iterable[Held], at: datetime, within: timedelta = timedelta(days=45)
) -> tuple[tuple[str, int], ...]:
    """Files with whole days left (negative where it is over), the most urgent first, of what ends `within` that time.

    45 days, since a new enterprise certificate must be ordered and approved.
    """
    ending = sorted((one.until, one.file) for one in held if one.until - at <= within)
    return tuple((file, (until - at).days) for until, file in ending)


def organisation_of(certificate: x509.Certificate) -> str | None:
    """The organisation number of the subject; None without exactly one."""
    for oid in _NAMED_IN:
        said = (
            _NUMBER.fullmatch(str(a.value).strip()) for a in certificate.subject.get_attributes_for_oid(oid)
        )
        found = {number[1] for number in said if number}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def signer_of(certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The one that issued none of the others; they may come in any order (XMLDSIG § 4.4.4)."""
    issued = [(one, other) for one in certificates for other in certificates if one is not other]
    issuers = {id(one) for one, other in issued if one.subject == other.issuer}
    ends = [one for one in certificates if id(one) not in issuers]
    return ends[0] if len(ends) == 1 else None


def problem_with(
    signer: x509.Certificate, others: Sequence[x509.Certificate], trusted: Trust, sender: str, at: datetime
) -> str | None:
    """Why this certificate does not speak for `sender` (organisation number) at a moment with zone; None: it does."""
    if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
        return "certificate-not-in-force"
    chain = _chain(signer, others, trusted, at)
    if not chain:
        return "certificate-not-trusted"
    if any((one.issuer, one.serial_number) in trusted.revoked for one in chain):
        return "certificate-revoked"
    return None if organisation_of(signer) == sender else "certificate-of-another"


def _chain(
    signer: x509.Certificate, others: Sequence[x509.Certificate], trusted: Trust, at: datetime
) -> Sequence[x509.Certificate]:
    """From the signer to what is trusted (RFC 5280 § 6); empty where there is no way."""
    if signer in trusted.listed:
        return (signer,)
    if trusted.authorities is None:
        return ()
    builder = PolicyBuilder().store(trusted.authorities).time(at)
    builder = builder.extension_policies(ca_policy=_AUTHORITY, ee_policy=_SIGNER)
    try:
        return builder.build_client_verifier().verify(signer, list(others)).chain
    except VerificationError:
        return ()


def _is_authority(certificate: x509.Certificate) -> bool:
    """One whose extensions cannot be read is none."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False


def _signed_by(revoked: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    return revoked.issuer == issuer.subject and revoked.is_signature_valid(issuer.public_key())  # type: ignore[arg-type] # of an authority

"""A certificate speaks for a sender when it names it, is in force, not revoked, and vouched for by the trust list."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from lxml import etree
from signed_message import MESSAGE, SIGNED, judged, the
from signers import (
    AT,
    ENCIPHERS_ONLY,
    HOSPITAL,
    NON_REPUDIATION,
    OTHER,
    Signer,
    authority,
    revocations,
    self_signed,
    signed,
    signer,
    subject,
)

from adapter.wire import certificates
from adapter.wire.certificates import Held, Trust, expiring, organisation_of
from adapter.wire.signature import Signatures

ABOVE = authority()
BETWEEN = authority("SYNTETISK MELLOMUTSTEDER", ABOVE)


def trusting(*listed: x509.Certificate, revoked: Sequence[bytes] = ()) -> Trust:
    lists = {f"{n}.crl": x509.load_pem_x509_crl(one) for n, one in enumerate(revoked)}
    return certificates.trust({"listed.pem": listed}, lists)


def problem(
    by: Signer, trust: Trust, at: datetime = AT, chain: Sequence[x509.Certificate] | None = None
) -> str | None:
    """What is wrong with a message that is signed so."""
    rules = Signatures(lambda: trust, required=True, sha1=False, max_bytes=1_000_000, max_depth=60)
    found = rules(signed(MESSAGE, by, chain=chain), HOSPITAL, at)
    assert len(found) <= 1
    return found[0].problem if found else None


def test_a_listed_certificate_needs_nobody_above_it() -> None:
    partner = self_signed(HOSPITAL)
    assert problem(partner, trusting(partner.certificate)) is None
    assert problem(partner, trusting(ABOVE.certificate)) == "certificate-not-trusted"
    assert problem(signer(ABOVE), trusting(partner.certificate)) == "certificate-not-trusted"


def test_what_leads_to_an_authority_may_come_along_in_any_order() -> None:
    """The authority between is in the message, before or after the signer's own; or the operator lists it."""
    by, trust = signer(BETWEEN), trusting(ABOVE.certificate)
    both = [by.certificate, BETWEEN.certificate]
    assert problem(by, trust, chain=both) is None
    assert problem(by, trust, chain=both[::-1]) is None
    assert problem(by, trust) == "certificate-not-trusted"
    assert problem(by, trusting(BETWEEN.certificate)) is None


def test_an_organisation_is_no_authority() -> None:
    """A certificate that an organisation issued with its own key vouches for nobody."""
    hospital = signer(ABOVE, OTHER)
    by = signer(hospital)
    assert problem(by, trusting(ABOVE.certificate), chain=[by.certificate, hospital.certificate]) == (
        "certificate-not-trusted"
    )
    assert problem(by, trusting(ABOVE.certificate, hospital.certificate)) == "certificate-not-trusted"


def test_an_authority_of_the_same_name_is_another() -> None:
    namesake = Signer(signer(ABOVE).key, authority().certificate)
    assert problem(signer(namesake), trusting(ABOVE.certificate)) == "certificate-not-trusted"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(seconds=-1), "certificate-not-in-force"),
        (timedelta(0), None),
        (timedelta(days=2), None),
        (timedelta(days=2, seconds=1), "certificate-not-in-force"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_a_certificate_counts_from_its_first_second_to_its_last(
    after: timedelta, expected: str | None, listed: bool
) -> None:
    """By the clock of the message, also where the certificate itself is listed."""
    by = signer(ABOVE, begins=AT, ends=AT + timedelta(days=2))
    trust = trusting(by.certificate if listed else ABOVE.certificate)
    assert problem(by, trust, AT + after) == expected


def test_an_authority_may_say_no_more_of_itself_than_openssl_does() -> None:
    """`openssl req -x509` writes basicConstraints and no keyUsage. A keyUsage for other things issues nothing."""
    plain = authority("ENKEL SYNTETISK UTSTEDER", usage=None)
    assert problem(signer(plain), trusting(plain.certificate)) is None
    other = authority("ANNEN SYNTETISK UTSTEDER", ABOVE, usage=NON_REPUDIATION)
    by = signer(other, above=(other.certificate,))
    assert problem(by, trusting(ABOVE.certificate)) == "certificate-not-trusted"


def test_an_authority_that_is_over_vouches_for_nobody() -> None:
    late = AT + timedelta(days=1000)
    by = signer(ABOVE, ends=AT + timedelta(days=2000))
    assert problem(by, trusting(ABOVE.certificate), late) == "certificate-not-trusted"


@pytest.mark.parametrize(
    ("name", "organisation"),
    [
        (subject("X", HOSPITAL), HOSPITAL),
        (subject("X", HOSPITAL, NameOID.SERIAL_NUMBER), HOSPITAL),
        (subject("X"), None),
        (subject("X", "NTRSE-999900011", NameOID.ORGANIZATION_IDENTIFIER), None),
        (subject("X", "9999000112", NameOID.SERIAL_NUMBER), None),
        (subject("X", HOSPITAL, NameOID.COMMON_NAME), None),
        (x509.Name([*subject("X", HOSPITAL), *subject("X", OTHER)]), None),
        (x509.Name([*subject("X", HOSPITAL), *subject("X", OTHER, NameOID.SERIAL_NUMBER)]), HOSPITAL),
    ],
    ids=[
        "SEID 2",
        "SEID 1",
        "none",
        "Swedish",
        "ten digits",
        "common name",
        "two",
        "identifier goes before serial",
    ],
)
def test_the_organisation_stands_where_norwegian_enterprise_certificates_have_it(
    name: x509.Name, organisation: str | None
) -> None:
    by = self_signed(HOSPITAL)
    made = x509.CertificateBuilder(name, name, by.key.public_key(), 1, AT, AT + timedelta(1))
    assert organisation_of(made.sign(by.key, hashes.SHA256())) == organisation


def test_only_the_sender_itself_signs() -> None:
    """Another partner's certificate, or one that names no organisation, does not do."""
    trust = trusting(ABOVE.certificate)
    assert problem(signer(ABOVE, oid=NameOID.SERIAL_NUMBER), trust) is None
    assert problem(signer(ABOVE, OTHER), trust) == "certificate-of-another"
    assert problem(signer(ABOVE, None), trust) == "certificate-of-another"


def test_the_key_must_be_one_for_signatures() -> None:
    """nonRepudiation alone is what the signing certificate of an enterprise has."""
    trust = trusting(ABOVE.certificate)
    assert problem(signer(ABOVE, usage=NON_REPUDIATION), trust) is None
    assert problem(signer(ABOVE, usage=ENCIPHERS_ONLY), trust) == "certificate-not-trusted"


def test_a_revoked_certificate_is_told_from_one_that_nobody_trusts() -> None:
    """Of the signer, of an authority between, and of a certificate that is listed itself."""
    by, through = signer(ABOVE), signer(BETWEEN, above=(BETWEEN.certificate,))
    own = revocations(ABOVE, [by.certificate])
    assert problem(by, trusting(ABOVE.certificate, revoked=[own])) == "certificate-revoked"
    assert problem(by, trusting(ABOVE.certificate, by.certificate, revoked=[own])) == "certificate-revoked"
    assert problem(signer(ABOVE), trusting(ABOVE.certificate, revoked=[own])) is None
    between = trusting(ABOVE.certificate, revoked=[revocations(ABOVE, [BETWEEN.certificate])])
    assert problem(through, between) == "certificate-revoked"
    assert problem(through, trusting(ABOVE.certificate)) is None


def test_a_revocation_list_counts_only_from_a_listed_authority() -> None:
    stranger = authority("EN FREMMED SYNTETISK UTSTEDER")
    with pytest.raises(ValueError, match=r"^0\.crl: not signed by an authority of the trust list$"):
        trusting(ABOVE.certificate, revoked=[revocations(stranger, [signer(ABOVE).certificate])])
    forged = Signer(stranger.key, ABOVE.certificate)
    with pytest.raises(ValueError, match=r"^0\.crl"):
        trusting(ABOVE.certificate, revoked=[revocations(forged, [])])


def test_what_ends_soon_is_told_by_its_file_the_most_urgent_first() -> None:
    """Whole days left; what is over has fewer than none; lists of revocations too."""
    by = signer(ABOVE, ends=AT + timedelta(days=44, hours=5))
    listed = {"hospital.pem": [by.certificate], "authority.pem": [ABOVE.certificate]}
    crl = x509.load_pem_x509_crl(revocations(ABOVE, [], AT - timedelta(hours=1)))
    trust = certificates.trust(listed, {"authority.crl": crl})
    assert expiring(trust.held, AT) == (("authority.crl", -1), ("hospital.pem", 44))
    assert expiring(trust.held, AT, within=timedelta(days=7)) == (("authority.crl", -1),)
    assert expiring([Held("a", AT)], AT - timedelta(days=46)) == ()


def test_what_is_no_certificate_is_refused() -> None:
    """Not base 64, not DER, and of a version (the byte behind INTEGER, one long) that does not exist."""
    der = signer(ABOVE).certificate.public_bytes(serialization.Encoding.DER)
    version = der.replace(b"\x02\x01\x02", b"\x02\x01\x22", 1)
    good = base64.b64encode(der).decode()
    for bad in ("*", "QUJD", "æ", base64.b64encode(version).decode(), good[:400]):
        root = etree.fromstring(SIGNED)
        the(root, "X509Certificate").text = bad
        assert judged(etree.tostring(root)) == ["certificate-not-trusted"]


def test_a_name_that_cannot_be_read_is_nobodys() -> None:
    """Old certificates have letters in sets of their own; alone or with the authority, listed or not."""
    good = self_signed(HOSPITAL)
    der = good.certificate.public_bytes(serialization.Encoding.DER).replace(b"VIRKSOMHET", b"VIRKS\xd8MHET")
    by = Signer(good.key, x509.load_der_x509_certificate(der))
    with pytest.raises(ValueError, match=r"."):
        organisation_of(by.certificate)
    for trust in (trusting(by.certificate), trusting(ABOVE.certificate)):
        assert problem(by, trust) == "certificate-not-trusted"
        assert problem(by, trust, chain=[by.certificate, ABOVE.certificate]) == "certificate-not-trusted"

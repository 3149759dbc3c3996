"""What we sign holds for others, is the same every time, and is still a Hodemelding."""

import base64
import re
import xml.etree.ElementTree as StandardLibrary
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from lxml import etree
from shared_data import SHARED, needs_shared
from signed_message import ABOVE, DS, MESSAGE, OURS, content, judged, the
from signers import AT, HOSPITAL, OTHER, key_of, pem, signer

from adapter.outside.signing import read_signing_key
from adapter.wire.certificates import expiring, held_by
from adapter.wire.signature import SigningKey, sign

KEY = SigningKey(key_of("signer"), (OURS.certificate, ABOVE.certificate), "ours.pem")
XSD = SHARED / "norwegian-xml" / "xsd" / "fiks-nhn-client"


def test_what_we_sign_we_would_take() -> None:
    signed = sign(MESSAGE, KEY)
    assert judged(signed, required=True) == []
    assert content(signed) == content(MESSAGE)


def test_what_we_sign_holds_by_the_standard() -> None:
    """Digest and signature reckoned anew with the canonicalization of Python's own library and nothing of ours."""
    signed = sign(MESSAGE, KEY)
    signature = the(etree.fromstring(signed), "Signature")
    without = re.sub(rb"<ds:Signature.*</ds:Signature>", b"", signed, flags=re.DOTALL)
    digest = sha256(StandardLibrary.canonicalize(without).encode()).digest()
    assert the(signature, "DigestValue").text == base64.b64encode(digest).decode()
    info = StandardLibrary.canonicalize(etree.tostring(the(signature, "SignedInfo"))).encode()
    value = base64.b64decode(the(signature, "SignatureValue").text or "")
    der = base64.b64decode(the(signature, "X509Certificate").text or "")
    key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(value, info, padding.PKCS1v15(), hashes.SHA256())


def test_the_same_letter_is_signed_with_the_same_bytes() -> None:
    assert sign(MESSAGE, KEY) == sign(MESSAGE, KEY)


def test_a_letter_is_not_signed_twice() -> None:
    with pytest.raises(ValueError, match="signed already"):
        sign(sign(MESSAGE, KEY), KEY)


@needs_shared
def test_what_is_signed_is_valid_in_the_official_schemas() -> None:
    """MsgHead 1.2 with Dialogmelding 1.1 in one set, since MsgHead wants strict content."""
    names = ("MsgHead-v1_2.xsd", "dialogmelding-v1.1.xsd", "felleskomponent1.xsd")
    imports = "".join(
        f'<import namespace="{etree.parse(XSD / name).getroot().get("targetNamespace")}" schemaLocation="{name}"/>'
        for name in names
    )
    both = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'
    schema = etree.XMLSchema(etree.fromstring(both, base_url=f"{XSD}/both.xsd"))
    root = etree.fromstring(sign(MESSAGE, KEY))
    assert schema.validate(root), str(schema.error_log)
    assert root[-1].tag == f"{DS}Signature"


def private(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes = b"") -> bytes:
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def files(folder: Path, key: bytes, certificate: bytes) -> tuple[Path, Path]:
    (folder / "key.pem").write_bytes(key)
    (folder / "ours.pem").write_bytes(certificate)
    return folder / "key.pem", folder / "ours.pem"


def test_key_and_certificates_are_read_from_files(tmp_path: Path) -> None:
    """With the certificates above ours along; and it is told when the first of them ends."""
    short = signer(ABOVE, ends=AT + timedelta(days=10))
    given = files(tmp_path, private(key_of("signer")), pem(short.certificate, ABOVE.certificate))
    key = read_signing_key(*given, HOSPITAL)
    assert judged(sign(MESSAGE, key), required=True) == []
    assert expiring([held_by(key.file, key.chain)], AT) == (("ours.pem", 10),)


@pytest.mark.parametrize(
    ("key", "certificate", "named"),
    [
        (private(key_of("other")), pem(OURS.certificate), "ours.pem"),
        (private(key_of("signer")), pem(signer(ABOVE, OTHER).certificate), "ours.pem"),
        (private(key_of("signer"), b"secret words"), pem(OURS.certificate), "key.pem"),
        (private(ec.generate_private_key(ec.SECP256R1())), pem(OURS.certificate), "key.pem"),
        (pem(OURS.certificate), pem(OURS.certificate), "key.pem"),
        (private(key_of("signer")), private(key_of("signer")), "ours.pem"),
    ],
    ids=["of another key", "of another organisation", "encrypted", "not RSA", "no key", "no certificate"],
)
def test_a_key_that_cannot_be_used_is_named_by_its_file(
    tmp_path: Path, key: bytes, certificate: bytes, named: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: [a-zA-Z ]+$"):
        read_signing_key(*files(tmp_path, key, certificate), HOSPITAL)

"""A signature counts when it is the sender's, over the whole message, and in a form that others use."""

import base64
import re
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from lxml import etree
from signed_message import ABOVE, DS, MESSAGE, OURS, SIGNED, changed, content, judged, of_head, the
from signers import Signer, signed, signer
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod


def test_a_signed_message_holds() -> None:
    assert judged(SIGNED, required=True) == []


def test_without_a_signature_a_message_passes_where_none_is_required() -> None:
    assert judged(MESSAGE) == []
    assert judged(MESSAGE, required=True) == ["signature-missing"]


P256 = Signer(key := ec.generate_private_key(ec.SECP256R1()), signer(ABOVE, key=key).certificate)


@pytest.mark.parametrize("c14n", CanonicalizationMethod)
@pytest.mark.parametrize(
    ("by", "method", "digest"),
    [
        (OURS, SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA512),
        (OURS, SignatureMethod.RSA_SHA512, DigestAlgorithm.SHA384),
        (OURS, SignatureMethod.SHA256_RSA_MGF1, DigestAlgorithm.SHA256),
        (P256, SignatureMethod.ECDSA_SHA256, DigestAlgorithm.SHA256),
    ],
)
def test_what_is_in_use_is_taken(
    by: Signer, method: SignatureMethod, digest: DigestAlgorithm, c14n: CanonicalizationMethod
) -> None:
    """RSA, RSA-PSS and ECDSA with SHA-2, under every canonicalization of XMLDSIG."""
    assert judged(signed(MESSAGE, by, method=method, digest=digest, c14n=c14n), required=True) == []


def test_line_breaks_in_the_signature_are_no_part_of_it() -> None:
    """Certificates and values broken at 64, and the signature not the last child: as many programs write it."""

    def broken(root: etree._Element) -> None:
        for name in ("SignatureValue", "X509Certificate"):
            element = the(root, name)
            element.text = "\r\n" + "\n".join(re.findall(".{1,64}", (element.text or "").replace("\n", "")))
        signature = the(root, "Signature")
        signature.tail = None
        root.insert(1, signature)

    assert judged(changed(broken), required=True) == []


def test_comments_and_instructions_put_in_later_change_nothing_that_is_read() -> None:
    message = SIGNED.replace(b"logoped", b"logo<!-- not -->ped<?not this?>")
    assert judged(message, required=True) == []
    assert content(message) == content(SIGNED)


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (SignatureMethod.RSA_SHA1, DigestAlgorithm.SHA1),
        (SignatureMethod.RSA_SHA1, DigestAlgorithm.SHA256),
        (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA1),
    ],
)
def test_sha1_is_taken_only_where_the_operator_says_so(
    method: SignatureMethod, digest: DigestAlgorithm
) -> None:
    message = signed(MESSAGE, OURS, method=method, digest=digest)
    assert judged(message) == ["signature-algorithm"]
    assert judged(message, sha1=True) == []


def test_a_signed_message_that_is_carried_along_signs_nothing() -> None:
    """Inside the content of another message it is somebody's document; around it nothing is signed."""
    root = etree.fromstring(MESSAGE)
    of_head(root, "Content").append(etree.fromstring(SIGNED))
    message = etree.tostring(root)
    assert judged(message, required=True) == ["signature-missing"]
    assert judged(signed(message, OURS), required=True) == []


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("prefix", ["", "ds"])
@pytest.mark.parametrize(
    "declared", [b"", b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:a="urn:a"']
)
def test_what_another_program_signs_is_taken(prefix: str, exclusive: bool, declared: bytes) -> None:
    """Made by hand after XMLDSIG § 3.1 and Canonical XML 1.0, without a library. .NET leaves the prefix out."""
    message = MESSAGE.replace(b"<MsgHead", b"<MsgHead" + declared)
    assert judged(_by_hand(message, OURS, prefix, exclusive=exclusive), required=True) == []


def _by_hand(message: bytes, by: Signer, prefix: str, *, exclusive: bool) -> bytes:
    assert isinstance(by.key, rsa.RSAPrivateKey)
    p = f"{prefix}:" if prefix else ""
    root = etree.fromstring(message)
    digest = base64.b64encode(sha256(etree.tostring(root, method="c14n")).digest()).decode()
    c14n = (
        "http://www.w3.org/2001/10/xml-exc-c14n#"
        if exclusive
        else "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    )
    info = (
        f'<{p}CanonicalizationMethod Algorithm="{c14n}"></{p}CanonicalizationMethod>'
        f'<{p}SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></{p}SignatureMethod>'
        f'<{p}Reference URI=""><{p}Transforms>'
        f'<{p}Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></{p}Transform>'
        f'</{p}Transforms><{p}DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></{p}DigestMethod>'
        f"<{p}DigestValue>{digest}</{p}DigestValue></{p}Reference></{p}SignedInfo>"
    )
    own = {prefix: DS[1:-1]}
    scope = own if exclusive else {**{name or "": uri for name, uri in root.nsmap.items()}, **own}
    names = "".join(f' xmlns{":" if n else ""}{n}="{uri}"' for n, uri in sorted(scope.items()))
    canonical = f"<{p}SignedInfo{names}>{info}".encode()
    value = base64.b64encode(by.key.sign(canonical, padding.PKCS1v15(), hashes.SHA256())).decode()
    der = base64.b64encode(by.certificate.public_bytes(serialization.Encoding.DER)).decode()
    declaration = f' xmlns{":" if prefix else ""}{prefix}="{DS[1:-1]}"'
    signature = (
        f"<{p}Signature{declaration}><{p}SignedInfo>{info}<{p}SignatureValue>{value}</{p}SignatureValue><{p}KeyInfo>"
        f"<{p}X509Data><{p}X509Certificate>{der}</{p}X509Certificate></{p}X509Data></{p}KeyInfo></{p}Signature>"
    )
    return message.replace(b"</MsgHead>", signature.encode() + b"</MsgHead>")

"""No signature holds that is not the sender's over the whole message, whatever is done to it."""

import base64
import copy
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from signed_message import (
    DS,
    MESSAGE,
    OURS,
    SIGNED,
    Change,
    again,
    changed,
    content,
    judged,
    of_head,
    parent,
    the,
)
from signers import Signer, key_of, pem, signed
from signxml.algorithms import CanonicalizationMethod, SignatureMethod
from signxml.signer import XMLSigner

from adapter.domain.problems import Refused


def test_an_hmac_made_with_what_everybody_knows_is_refused() -> None:
    """With the certificate, which stands in the message, as the shared secret."""
    maker = XMLSigner(signature_algorithm=SignatureMethod.HMAC_SHA256)
    root = maker.sign(etree.fromstring(MESSAGE), key=pem(OURS.certificate))
    the(root, "Signature").append(the(etree.fromstring(SIGNED), "KeyInfo"))
    assert judged(etree.tostring(root), sha1=True) == ["signature-algorithm"]


def test_a_key_beside_the_certificate_does_not_count() -> None:
    """Signed with another key, which stands there as KeyValue, and the hospital's certificate put in."""
    stranger = Signer(key_of("stranger"), OURS.certificate)
    maker = XMLSigner(c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0)
    root = maker.sign(
        etree.fromstring(MESSAGE), key=stranger.key, cert=stranger.chain, always_add_key_value=True
    )
    assert judged(etree.tostring(root)) == ["signature-invalid"]


def _text(name: str, text: str) -> Change:
    return lambda root: setattr(the(root, name), "text", text)


def _redone(root: etree._Element) -> None:
    """The digest of the changed content, under the old signature."""
    other = etree.fromstring(signed(MESSAGE.replace(b"logoped", b"fysioterapi"), OURS))
    of_head(root, "RefDoc").replace(of_head(root, "Content"), of_head(other, "Content"))
    the(root, "DigestValue").text = the(other, "DigestValue").text


@pytest.mark.parametrize(
    "message",
    [
        SIGNED.replace(b"logoped", b"fysioterapi"),
        SIGNED.replace(b'<Sex V="1"/>', b'<Sex V="2"/>'),
        SIGNED.replace(b'<Sex V="1"/>', b""),
        SIGNED.replace(b"</RefDoc>", b"</RefDoc><!-- --> ", 1),
        changed(_redone),
        changed(_text("SignatureValue", base64.b64encode(b"0" * 256).decode())),
        changed(_text("SignatureValue", "no base 64")),
        changed(
            lambda root: root.append(the(etree.fromstring(SIGNED), "Signature")),
            MESSAGE.replace(b"J", b"N", 1),
        ),
    ],
    ids=[
        "text",
        "code",
        "left out",
        "white space",
        "digest",
        "signature",
        "no base 64",
        "of another message",
    ],
)
def test_what_was_changed_since_does_not_hold(message: bytes) -> None:
    assert judged(message, sha1=True) == ["signature-invalid"]


def _transform(algorithm: str, inside: str = "") -> Change:
    def put(root: etree._Element) -> None:
        the(root, "Transforms").append(
            etree.fromstring(f'<Transform xmlns="{DS[1:-1]}" Algorithm="{algorithm}">{inside}</Transform>')
        )

    return put


def _wrapped(root: etree._Element) -> None:
    """The whole signed message as an Object of its signature, which is said to be about that, and another around."""
    signature, original = the(root, "Signature"), copy.deepcopy(root)
    held = etree.SubElement(signature, f"{DS}Object", Id="original")
    held.append(original)
    the(root, "Reference").set("URI", "#original")


def _inside(name: str) -> Change:
    return lambda root: of_head(root, name).append(the(root, "Signature"))


def _again(name: str) -> Change:
    return lambda root: again(the(root, name))


def _drop(name: str) -> Change:
    return lambda root: parent(the(root, name)).remove(the(root, name))


@pytest.mark.parametrize(
    "change",
    [
        _wrapped,
        _inside("MsgInfo"),
        _inside("RefDoc"),
        _again("Signature"),
        _again("Reference"),
        _again("X509Certificate"),
        _drop("KeyInfo"),
        _drop("X509Certificate"),
        _drop("Transforms"),
        _transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
        _transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "<XPath>not(//Patient)</XPath>"),
        _transform("http://www.w3.org/2000/09/xmldsig#base64"),
        lambda root: the(root, "Transforms").remove(the(root, "Transform")),
        lambda root: the(root, "Reference").set("URI", "#MsgInfo"),
        lambda root: the(root, "Reference").set("URI", "http://127.0.0.1/message"),
        lambda root: the(root, "Reference").attrib.pop("URI"),
        lambda root: etree.SubElement(the(root, "Transform"), f"{DS}XPath"),
        lambda root: etree.SubElement(the(root, "SignatureMethod"), f"{DS}HMACOutputLength"),
    ],
)
def test_any_other_form_is_refused(change: Change) -> None:
    """Wrapped, elsewhere, twice, of a part, with steps that choose what is signed, without a certificate."""
    assert judged(changed(change)) == ["signature-form"]


def test_nothing_that_is_signed_or_signs_can_be_left_out_doubled_or_emptied() -> None:
    """Each element of the signature in turn. What stands beside the certificate in KeyInfo means nothing."""
    size = len(list(the(etree.fromstring(SIGNED), "Signature").iter()))
    ways: list[Callable[[etree._Element], object]] = [
        lambda e: parent(e).remove(e),
        again,
        lambda e: setattr(e, "text", None),
        lambda e: setattr(e, "text", "æ"),
        lambda e: e.attrib.clear(),
        lambda e: e.append(etree.Element("{urn:other}Other")),
    ]
    refused = 0
    for number in range(1, size):
        for way in ways:
            root = etree.fromstring(SIGNED)
            way([*the(root, "Signature").iter()][number])
            message = etree.tostring(root)
            found = judged(message)
            refused += len(found)
            assert len(found) == 1 or _means(message) == _means(SIGNED), number
    assert refused > 3 * size


def _means(message: bytes) -> list[bytes]:
    """What is signed of a signature and what signs, without the text between its elements."""
    root = etree.fromstring(message)
    for holder in (the(root, "Signature"), *the(root, "SignedInfo").iter()):
        holder.text = holder.text if not len(holder) and holder.tag == f"{DS}DigestValue" else None
    signs = [the(root, "SignatureValue").text, *(c.text for c in root.iter(f"{DS}X509Certificate"))]
    return [etree.tostring(the(root, "SignedInfo")), *((text or "").encode() for text in signs)]


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(SIGNED) - 1), byte=st.integers(0, 255))
@example(at=SIGNED.index(b"logoped"), byte=ord("L"))
@example(at=59, byte=33)
def test_one_byte_changed_is_found_out_or_means_nothing(at: int, byte: int) -> None:
    """Whatever still holds says, in canonical form, what was signed; and nothing but a refusal is ever raised."""
    message = SIGNED[:at] + bytes([byte]) + SIGNED[at + 1 :]
    try:
        held = judged(message, required=True) == []
    except Refused:
        return
    if held:
        assert content(message) == content(SIGNED)

"""The XML signature of a Hodemelding (XMLDSIG 1.1, enveloped): judged when it comes in, made when it goes out.

One form only: one signature, child of MsgHead, over the whole message. Whatever is signed is what is read, so a
signature over a part, or over something that is only carried along, is refused, however valid it is.
"""

import base64
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from adapter.domain.problems import Finding, Refused
from adapter.wire import certificates, edi, xml
from adapter.wire.certificates import Trust

WHERE: Final = "MsgHead.Signature"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_CONTENT = f"{{{edi.NAMESPACE}}}Content"
_PREFIXES = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
_ENVELOPED = SignatureConstructionMethod.enveloped.value
_CANONICAL = frozenset(method.value for method in CanonicalizationMethod)
_MOST_CERTIFICATES = 8
_OWN_DEPTH = 200

# Public keys only: an HMAC would be made with what its verifier holds. No DSA: nobody has such a certificate.
_METHODS = frozenset(
    SignatureMethod[name]
    for name in (
        *("RSA_SHA256", "RSA_SHA384", "RSA_SHA512"),
        *("SHA256_RSA_MGF1", "SHA384_RSA_MGF1", "SHA512_RSA_MGF1"),
        *("ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512"),
    )
)
_DIGESTS = frozenset((DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512))

logging.getLogger("signxml").setLevel(logging.INFO)  # at DEBUG it logs every message whole


@dataclass(frozen=True, slots=True)
class Signatures:
    """How the signature of a message is judged. `trust` is asked at each message; `sha1` lets SHA-1 pass.

    `required`: a message without a signature is refused. Where it is not, whoever can change a message on its way
    can take the signature off as well.

    CPU, RSA 2048, one authority: 1.3 ms for a message of 5.5 kB (opening it: 0.5), 100 ms for one of 4.8 MB.
    """

    trust: Callable[[], Trust]
    required: bool
    sha1: bool
    max_bytes: int
    max_depth: int

    def __call__(self, raw: bytes, sender: str, at: datetime) -> tuple[Finding, ...]:
        """What is wrong with the signature of a Hodemelding from `sender` (organisation number) at a moment with zone.

        `raw` is what `edi.open_message` could open with the same bounds.
        """
        root = xml.parse(raw, max_bytes=self.max_bytes, max_depth=self.max_depth)
        try:
            signature = _the_one(root)
            if signature is not None:
                self._judge(root, signature, sender, at)
        except Refused as refused:
            return refused.findings
        return (Finding("signature-missing", "MsgHead"),) if signature is None and self.required else ()

    def _judge(self, root: etree._Element, signature: etree._Element, sender: str, at: datetime) -> None:
        """Raises Refused. The certificate comes first: what an untrusted one signed is not worth reckoning."""
        stated = _stated(signature)
        methods = _METHODS | {SignatureMethod.RSA_SHA1, SignatureMethod.ECDSA_SHA1} if self.sha1 else _METHODS
        digests = _DIGESTS | {DigestAlgorithm.SHA1} if self.sha1 else _DIGESTS
        if stated.method not in {m.value for m in methods} or stated.digest not in {d.value for d in digests}:
            raise Refused(Finding("signature-algorithm", f"{WHERE}.SignedInfo"))
        signer = self._signer(stated.certificates, sender, at)
        config = SignatureConfiguration(
            location="./",
            signature_methods=methods,
            digest_algorithms=digests,
            ignore_ambiguous_key_info=True,  # the key of the certificate counts, whatever stands beside it
            verification_time=at,
            default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,  # XMLDSIG § 4.4.3.2
        )
        signed = _signed(root, signer, config)
        if signed is None or _canonical(signed) != _canonical(_without(signature)):
            raise Refused(Finding("signature-invalid", WHERE))

    def _signer(self, held: Sequence[x509.Certificate], sender: str, at: datetime) -> x509.Certificate:
        """Raises Refused unless one of them is the sender's and trusted."""
        signer, problem = None, "signature-form"
        try:
            signer = certificates.signer_of(held)
            if signer:
                others = [one for one in held if one is not signer]
                problem = certificates.problem_with(signer, others, self.trust(), sender, at) or ""
        except certificates.UNREADABLE:
            problem = "certificate-not-trusted"
        if signer is None or problem:
            raise Refused(Finding(problem, f"{WHERE}.KeyInfo"))
        return signer


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a signature of the one form says of itself."""

    method: str
    digest: str
    certificates: Sequence[x509.Certificate]


def _the_one(root: etree._Element) -> etree._Element | None:
    """The signature of the message; None without. Raises Refused for a second one, and for one elsewhere.

    What stands in a Content is somebody else's document with a signature of its own, which is not the message's.
    """
    found = [s for s in root.iter(f"{_DS}Signature") if next(s.iterancestors(_CONTENT), None) is None]
    if not found:
        return None
    if len(found) > 1:
        raise Refused(Finding("signature-form", f"{WHERE}[1]"))
    if found[0].getparent() is not root:
        raise Refused(Finding("signature-form", ".".join(map(xml.local, [*found[0].iterancestors()][::-1]))))
    return found[0]


def _stated(signature: etree._Element) -> _Stated:
    """Raises Refused unless the signature has the one form: over all of the message but itself."""
    info, value, key = _children(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    canonical, method, reference = _children(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    transforms, digest, digest_value = _children(reference, "Transforms", "DigestMethod", "DigestValue")
    steps = [step.get("Algorithm", "") for step in transforms]
    form = (
        canonical.get("Algorithm") in _CANONICAL
        and reference.get("URI") == ""
        and all(step.tag == f"{_DS}Transform" for step in transforms)
        and steps[:1] == [_ENVELOPED]
        and len(steps) <= 2
        and all(step in _CANONICAL for step in steps[1:])
        and all(below.tag == _PREFIXES for step in (canonical, *transforms) for below in step)
        and not (len(method) or len(digest))
        and all((text.text or "").strip() and not len(text) for text in (value, digest_value))
    )
    if not form:
        raise Refused(Finding("signature-form", f"{WHERE}.SignedInfo"))
    return _Stated(method.get("Algorithm", ""), digest.get("Algorithm", ""), _certificates(key))


def _children(element: etree._Element, *names: str) -> list[etree._Element]:
    found = list(element)
    if [child.tag for child in found] != [f"{_DS}{name}" for name in names]:
        raise Refused(Finding("signature-form", WHERE))
    return found


def _certificates(key: etree._Element) -> list[x509.Certificate]:
    """The signer's certificate with those that lead to it. Raises Refused."""
    given = key.findall(f"{_DS}X509Data/{_DS}X509Certificate")
    if not 0 < len(given) <= _MOST_CERTIFICATES:
        raise Refused(Finding("signature-form", f"{WHERE}.KeyInfo"))
    try:
        return [x509.load_der_x509_certificate(base64.b64decode(one.text or "")) for one in given]
    except certificates.UNREADABLE:
        raise Refused(Finding("certificate-not-trusted", f"{WHERE}.KeyInfo")) from None


class _Verifier(XMLVerifier):
    def _c14n(
        self, nodes: Any, algorithm: CanonicalizationMethod, inclusive_ns_prefixes: Any = None
    ) -> bytes:
        """libxml2 canonicalizes an element inside a document wrongly where its namespace has no prefix (.NET writes
        signatures so): with `xmlns=""` from the third level on. As the root of a document it comes out right."""
        whole = xml.alone(nodes)
        canonical: bytes = super()._c14n(whole, algorithm, inclusive_ns_prefixes)
        return canonical


def _signed(
    root: etree._Element, signer: x509.Certificate, config: SignatureConfiguration
) -> etree._Element | None:
    """The document that was signed; None where the signature does not hold."""
    try:
        result = _Verifier().verify(
            root, x509_cert=signer, expect_config=config, parser=xml.parser(), validate_schema=False
        )
    except (SignXMLException, InvalidSignature, UnsupportedAlgorithm, ValueError):
        return None
    except (etree.XMLSyntaxError, etree.C14NError):  # as of a namespace that is no absolute URI
        return None
    return result.signed_xml if isinstance(result, VerifyResult) else None


def _without(signature: etree._Element) -> etree._Element:
    """The message without its signature; the text behind it stays, as the enveloped transform says."""
    root, before, tail = signature.getparent(), signature.getprevious(), signature.tail or ""
    assert root is not None  # noqa: S101 - it was found as a child; this tells the type checker
    if before is None:
        root.text = (root.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    root.remove(signature)
    return root


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What we sign with. `chain` has our own certificate first.

    RSA, since its signatures (PKCS #1 v1.5) are the same every time: a letter has the same bytes at every try.
    """

    key: RSAPrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    file: str


class _Signer(XMLSigner):
    @property
    def parser(self) -> etree.XMLParser:
        return xml.parser()


def sign(message: bytes, key: SigningKey) -> bytes:
    """The Hodemelding with its signature as the last child (MsgHead 1.2), as UTF-8 that says so.

    RSA with SHA-256 and exclusive canonicalization, which holds when the message was wrapped on its way and is taken
    out again, and which libxml2 does right at every depth. CPU for 3 kB: 0.9 ms with RSA 2048, 1.5 with 3072, 2.4
    with 4096.
    """
    root = xml.parse(message, max_bytes=len(message), max_depth=_OWN_DEPTH)
    if root.find(f"{_DS}Signature") is not None:
        raise ValueError("the message is signed already")
    signer = _Signer(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    signed = signer.sign(root, key=key.key, cert=list(key.chain))
    return etree.tostring(signed, xml_declaration=True, encoding="UTF-8")

"""Makes the signed messages of the case folders anew: `python tests/signed_folders.py`.

Every key lives for the moment of the run. What is kept are signatures and certificates, all of synthetic
organisations, and no key: nothing more can be signed with what stands in the folders.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from signers import AT, OTHER, Signer, authority, pem, revocations, signed, signer
from signxml.algorithms import DigestAlgorithm, SignatureMethod

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
MESSAGE = FIXTURES / "refuse" / "sender-is-not-caller" / "in.xml"
Sign = Callable[[bytes], bytes]


def main() -> None:
    above = authority()
    hospital = signer(above)
    expired = signer(above, ends=AT - timedelta(days=1))
    by = partial(partial, signed)
    old = partial(signed, by=hospital, method=SignatureMethod.RSA_SHA1, digest=DigestAlgorithm.SHA1)
    made: dict[str, Sign] = {
        "notify/signature-holds": by(by=hospital),
        "refuse/signature-does-not-hold": lambda m: _changed(signed(m, hospital)),
        "refuse/signature-of-a-part": lambda m: _moved(signed(m, hospital)),
        "refuse/signature-with-sha1": old,
        "refuse/signature-missing": lambda m: m,
        "refuse/signature-certificate-not-trusted": by(by=signer(authority("EN ANNEN SYNTETISK UTSTEDER"))),
        "refuse/signature-certificate-expired": by(by=expired),
        "refuse/signature-certificate-of-another": by(by=signer(above, OTHER)),
        "refuse/signature-certificate-revoked": by(by=hospital),
    }
    for name, sign in made.items():
        folder = FIXTURES / name
        (folder / "trust").mkdir(parents=True, exist_ok=True)
        (folder / "in.xml").write_bytes(sign(MESSAGE.read_bytes()))
        (folder / "trust" / "synthetic-authority.pem").write_bytes(pem(above.certificate))
    revoked = FIXTURES / "refuse/signature-certificate-revoked/trust/synthetic-authority.crl"
    revoked.write_bytes(_list(above, hospital))


def _changed(message: bytes) -> bytes:
    return message.replace(b"logoped", b"fysioterapi")


def _moved(message: bytes) -> bytes:
    """The signature where it would be about the document only: inside it, but outside of its content."""
    head, _, rest = message.partition(b"<ds:Signature")
    signature, end, tail = rest.partition(b"</ds:Signature>")
    return head.replace(b"</RefDoc>", b"</RefDoc><ds:Signature" + signature + end) + tail


def _list(above: Signer, revoked: Signer) -> bytes:
    return revocations(above, [revoked.certificate], AT + timedelta(days=30))


if __name__ == "__main__":
    main()

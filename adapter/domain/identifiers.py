"""Names that never change: every id is derived, so the same input gives the same bytes on every run.

Also the keyed hash under which a person is looked up without storing the identity number as a key.
"""

import hashlib
import hmac
import re
import uuid

NAMESPACE = uuid.UUID("6f1d4a0e-58f5-5c0b-9d0e-7c1f3a8a2b10")
_SPACE = NAMESPACE.bytes
_UUID = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}(\1[0-9a-f]{4}){2}\1[0-9a-f]{12}")


def derived(*parts: str) -> str:
    """A UUID (version 5) of the parts, in order. Parts are joined by a character none of them holds.

    As `uuid.uuid5` makes it (RFC 9562 § 5.5), without its objects: a need asks for 21, each in a third of the time.
    """
    name = "\x1f".join(parts).encode()
    drawn = hashlib.sha1(_SPACE + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(drawn[16], 16) & 3]
    return f"{drawn[:8]}-{drawn[8:12]}-5{drawn[13:16]}-{variant}{drawn[17:20]}-{drawn[20:32]}"


def case_id(sender: str, need: str) -> str:
    """The case of one need: the sending organisation's number and the sender's own UUID for the need."""
    return derived("case", sender, need.lower())


def message_uuid(sender: str, written: str) -> str:
    """A MsgId as UUID. Hodemelding takes any text for it; `sender` is the organisation number of who gave it."""
    return uuid_of(written) or derived("message", sender, _bare(written))


def uuid_of(written: str) -> str:
    """The UUID that a MsgId is, or "": braces, capitals and hyphens left out make no other UUID of it."""
    bare = _bare(written)
    return str(uuid.UUID(bare)) if _UUID.fullmatch(bare) else ""


def _bare(written: str) -> str:
    return written.strip().lower().removeprefix("urn:uuid:").strip("{}")


def subject_key(secret: bytes, identity_number: str) -> str:
    """HMAC-SHA256 (hex) of an identity number: equal persons are found, nobody is named."""
    return hmac.new(secret, identity_number.encode(), hashlib.sha256).hexdigest()

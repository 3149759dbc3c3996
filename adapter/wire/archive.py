"""A folder of files as one file: the same files give the same bytes, and every byte is checked on the way back.

The form is ZIP without compression (its bytes would depend on the library that made them), with a manifest that holds
the SHA-256 of each member.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping

MANIFEST = "manifest.json"
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP can say


class Damaged(ValueError):  # noqa: N818 - named by what it says
    """A file that is not what was written. Its text names members, never what they hold."""


def pack(members: Mapping[str, bytes], about: Mapping[str, str]) -> bytes:
    """One file of these members, by name, and a manifest of them. `about` says in the manifest what it is of."""
    sums = {name: _sum(content) for name, content in sorted(members.items())}
    manifest = json.dumps({**about, "members": sums}, indent=1, ensure_ascii=False).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as file:
        for name, content in [(MANIFEST, manifest), *sorted(members.items())]:
            entry = zipfile.ZipInfo(name, _BEGINNING)
            entry.external_attr = 0o600 << 16
            entry.create_system = 3
            file.writestr(entry, content)
    return made.getvalue()


def unpack(raw: bytes) -> dict[str, bytes]:
    """The members, without the manifest. Raises Damaged where one is missing, strange or differs."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            members = {entry.filename: file.read(entry) for entry in file.infolist()}
        sums = json.loads(members.pop(MANIFEST))["members"]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError):
        raise Damaged("not an archive") from None
    differs = sorted(
        n for n in members.keys() | sums.keys() if n not in members or _sum(members[n]) != sums.get(n)
    )
    if differs:
        raise Damaged(f"members differ: {', '.join(differs)}")
    return members


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

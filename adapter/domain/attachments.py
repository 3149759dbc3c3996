"""What may come along with a message: which files are taken, and what a file is by its own bytes."""

from dataclasses import dataclass

_SPACING = "\t\n\r\f"
_FIRST_PRINTED = " "


@dataclass(frozen=True, slots=True)
class MediaType:
    """A type that is taken (RFC 6838): how its content begins, other names that senders have for it, and whether it is
    nothing but words."""

    name: str
    begins: tuple[bytes, ...]
    also: frozenset[str]
    words: bool

    def is_of(self, content: bytes) -> bool:
        return is_text(content) if self.words else content.startswith(self.begins)


@dataclass(frozen=True, slots=True)
class AttachmentRules:
    """mappings/attachments.yaml. `largest`: bytes of one; `most`: how many of one message."""

    types: tuple[MediaType, ...]
    largest: int
    most: int

    def type_of(self, content: bytes, said: str) -> MediaType | None:
        """The type that the content has. None where none of those taken fits it, or the sender (`said`; "" for nothing)
        calls it something else: then nobody knows which of the two is wrong."""
        found = next((t for t in self.types if t.is_of(content)), None)
        bare = said.partition(";")[0].strip().lower()
        return found if found and bare in ("", found.name, *found.also) else None


@dataclass(frozen=True, slots=True)
class Attachment:
    """One that is taken. `place`: where it stood. `title` as the sender calls it, "" for nothing."""

    place: str
    type: str
    title: str
    content: bytes


def is_text(content: bytes) -> bool:
    """Whether bytes are text in UTF-8 without control characters."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return False
    return bool(text) and not any(map(_is_control, set(text)))


def _is_control(letter: str) -> bool:
    return (letter < _FIRST_PRINTED and letter not in _SPACING) or letter == "\x7f"

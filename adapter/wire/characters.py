"""Which characters XML 1.0 can hold (§ 2.2): other formats carry more of them."""

import re

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"


def sound(text: str) -> str:
    """The text with a sign that a reader sees in place of each character XML cannot hold; lines end in LF."""
    return _NOT_IN_XML.sub(_REPLACEMENT, text).replace("\r\n", "\n").replace("\r", "\n")

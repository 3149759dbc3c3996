"""Who has a protected address, and what nobody may be placed by (R-150)."""

import re
from dataclasses import dataclass

_BETWEEN = re.compile(r"[ .()\u00a0-]")
_HOME = re.compile(r"^(\+|00)47")
_CALLS = re.compile(r"(?:(?:tel|sms):)?((?:(?:\+|00)47)?[ .]?(?:\d[ .]?){8}|0\d{4})", re.IGNORECASE)
_LINK = re.compile(r"(?:[a-z][a-z0-9+.-]*:|www\.)\S+|\S+@\S+", re.IGNORECASE)
_IN_NAMES = "'’.-"
_LONGEST_NAME = 7
"""Words of a name."""


@dataclass(frozen=True, slots=True)
class Places:
    """mappings/protection.yaml: what is a place, or names one, and what may leave as it does not. `open` are the levels
    at which all may."""

    open: frozenset[str]
    elements: frozenset[str]
    extensions: frozenset[str]
    systems: frozenset[str]
    phones: re.Pattern[str]
    contacts: frozenset[str]
    places: frozenset[str]
    named: frozenset[str]
    by: frozenset[str]
    known: tuple[str, ...]
    told: tuple[str, ...]
    numbers: frozenset[str]
    organisations: frozenset[str]
    contained: frozenset[str]
    people: frozenset[str]
    who: frozenset[str]
    phrases: frozenset[str]
    particles: frozenset[str]
    houses: re.Pattern[str]

    def says_nothing_of_a_place(self, number: str) -> bool:
        """Whether a telephone number may leave: that of a mobile, or of the whole country."""
        return self.phones.fullmatch(_HOME.sub("", _BETWEEN.sub("", number))) is not None

    def is_known_system(self, uri: str) -> bool:
        """Whether codes of this system may leave."""
        return uri.startswith(self.known) and uri not in self.systems

    def is_known_extension(self, url: str) -> bool:
        """Whether what an extension with this URL says may leave; inside another it has a name only."""
        inside = ":" not in url and "/" not in url
        return (inside or url.startswith(self.told)) and url not in self.extensions

    def is_known_link(self, uri: str) -> bool:
        """Whether a link may leave: to what is the same everywhere, or a call of such a number."""
        called = _CALLS.fullmatch(uri)
        return self.says_nothing_of_a_place(called[1]) if called else uri.startswith(self.known)

    def leads_there(self, words: str) -> bool:
        """Whether words are no sentence but a link, an address of e-mail or a telephone number that may not leave."""
        said = words.strip()
        alone = _LINK.fullmatch(said) or _CALLS.fullmatch(said)
        return alone is not None and not self.is_known_link(said)

    def is_phrase(self, words: str) -> bool:
        """Whether this is what somebody is called who is not named."""
        said = [word for word in words.casefold().split() if word not in self.particles]
        return " ".join(said) in self.phrases

    def is_name(self, words: str) -> bool:
        """Whether this can be the name of a person: words with a capital letter, and none of what names a place."""
        said = words.split()
        if not 0 < len(said) <= _LONGEST_NAME or self.houses.search(words):
            return False
        return all(word.casefold() in self.particles or _has_form_of_name(word) for word in said)


def _has_form_of_name(word: str) -> bool:
    return word[0].isupper() and all(letter.isalpha() or letter in _IN_NAMES for letter in word)

"""Who has a protected address, and what nobody may be placed by (R-150)."""

import re
from dataclasses import dataclass

_BETWEEN = re.compile(r"[ .()\u00a0-]")
_HOME = re.compile(r"^(\+|00)47")
_CALLS = re.compile(r"(?:(?:tel|sms):)?((?:(?:\+|00)47)?[ .]?(?:\d[ .]?){8}|0\d{4})", re.IGNORECASE)
_LINK = re.compile(r"(?:[a-z][a-z0-9+.-]*:|www\.)\S+|\S+@\S+", re.IGNORECASE)
_URN = re.compile(
    r"urn:(?:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|oid:[0-2](?:\.\d+)+|ietf:[a-z]+:\d+)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{5,11}")
_IN_NAMES = "'’.-"
_LONGEST_NAME = 7
"""Words of a name."""


@dataclass(frozen=True, slots=True)
class Places:
    """mappings/protection.yaml: what is a place, or names one, and what may leave as it does not. `open` are the levels
    at which all may; `codes` are those of our own systems (system|code), `coded` all that stand in a code table."""

    open: frozenset[str]
    outputs: frozenset[str]
    elements: frozenset[str]
    systems: frozenset[str]
    phones: re.Pattern[str]
    contacts: frozenset[str]
    places: frozenset[str]
    named: frozenset[str]
    by: frozenset[str]
    own: str
    known: tuple[str, ...]
    told: frozenset[str]
    inside: frozenset[str]
    called: frozenset[str]
    values: frozenset[str]
    prose: frozenset[str]
    units: frozenset[str]
    languages: re.Pattern[str]
    codes: frozenset[str]
    coded: frozenset[str]
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
        return self._is_known(uri) and uri not in self.systems

    def is_known_code(self, system: str, code: str) -> bool:
        """Whether a code may leave; of a system of our own, if there is one like it."""
        own = system.startswith(self.own)
        return f"{system}|{code}" in self.codes if own else self.is_known_system(system)

    def is_known_extension(self, url: str) -> bool:
        """Whether what an extension with this URL says may leave; inside another it has a name only."""
        return url in self.told or url in self.inside

    def is_number(self, value: str) -> bool:
        """Whether this has the form of the number of a person."""
        return _NUMBER.fullmatch(value) is not None

    def is_known_link(self, uri: str) -> bool:
        """Whether a link may leave: to what is the same everywhere, or a call of such a number."""
        if called := _CALLS.fullmatch(uri):
            return self.says_nothing_of_a_place(called[1])
        return uri in self.told if uri.startswith(self.own) else self._is_known(uri)

    def _is_known(self, uri: str) -> bool:
        formed = not uri.startswith("urn:") or _URN.fullmatch(uri) is not None
        return formed and uri.startswith(self.known)

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

"""How a command ends when it cannot do what was asked: one line in plain words and an exit code."""

from typing import Final

REFUSED: Final = 1
NOT_TRIED: Final = 2


class Failed(Exception):  # noqa: N818 - an outcome that is told, not a fault
    """One line for the person at the keyboard, never with a person's data.

    `code`: 1 when what was asked was refused or does not hold, 2 when it could not be tried.
    """

    def __init__(self, line: str, code: int = NOT_TRIED) -> None:
        super().__init__(line)
        self.code = code

"""The settings of a command: those of the environment, and what was said beside them."""

from pydantic import ValidationError

from adapter.cli.failed import Failed
from adapter.settings import Settings


def settings_with(**given: object) -> Settings:
    """The settings of the environment, with these in their place where they are not None. Raises Failed."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type] # pydantic checks the values
    except ValidationError as faulty:
        said = [f"IP_ADAPTER_{str(e['loc'][0]).upper()}: {e['msg']}" for e in faulty.errors()]
        raise Failed("; ".join(said)) from None

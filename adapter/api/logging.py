"""Log lines as JSON, one event a line, never with anything that could be an identity number (promise P7)."""

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

# structlog loads rich with all its colours for tracebacks, which are never written here: 0.15 s of CPU and 10 MB.
_RICH = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment] # as documented: to import it fails
import structlog  # noqa: E402
from structlog.typing import EventDict, WrappedLogger  # noqa: E402

del sys.modules["rich"]
if _RICH:
    sys.modules["rich"] = _RICH

# Eleven digits or more, also as people write them: 6 + 5. What is longer might hold one.
_IDENTITY_NUMBER = re.compile(r"\d{6}[ .]?\d{5,}")
_PLACEHOLDER = "[number]"
_JSON = json.JSONEncoder(ensure_ascii=False)


def configure(stream: TextIO) -> None:
    """Send all log lines of the process there: ours, and those of libraries that use the standard library."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            _as_json,
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Through()], force=True)


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    """A structlog processor, the last one. One encoder for all lines: making it anew takes half of the time."""
    return _JSON.encode(event)


def looks_like_identity_number(text: str) -> bool:
    """Whether a log line would not show the whole of it."""
    return _IDENTITY_NUMBER.search(text) is not None


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A structlog processor: every value, however deep, without identity numbers."""
    return {key: _redacted(value) for key, value in event.items()}


def _redacted(value: Any) -> Any:
    """Text and numbers; an object of any other kind is named by its type, for its text is not known."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return _IDENTITY_NUMBER.sub(_PLACEHOLDER, value)
    if isinstance(value, int):
        return _PLACEHOLDER if looks_like_identity_number(str(value)) else value
    if isinstance(value, Mapping):
        return {_redacted(str(key)): _redacted(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(held) for held in value]
    return type(value).__name__


class _Through(logging.Handler):
    """Standard library records as our lines: an exception by its type, for its text may quote a row.

    Also one that is only an argument: psycopg tells so of what it ignores while it ends a pipeline, and
    PostgreSQL's text of a refused row holds the row.
    """

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        named = {"error": error.__name__} if error else {}
        log = structlog.get_logger()
        log.log(max(record.levelno, logging.DEBUG), _message(record), logger=record.name, **named)


def _message(record: logging.LogRecord) -> str:
    """The text of a record with its numbers and words; everything else that was to stand in it, by its type."""
    text = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    given = record.args
    if not given:
        return text
    try:
        return text % (_redacted(given) if isinstance(given, Mapping) else tuple(_redacted(list(given))))
    except (TypeError, ValueError):  # a number was wanted where only a type may be told
        return text

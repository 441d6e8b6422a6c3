"""One line an event, of JSON."""

import json
import logging
import sys
from contextlib import suppress
from typing import TextIO

import orjson
import structlog


def configure_logs(level: str, stream: TextIO = sys.stdout, *, for_people: bool = False) -> None:
    """Send everything, the libraries' own messages too, through one renderer.

    Events are JSON; `for_people`, words with their values behind them.

    Tracebacks are cut to where, not what: a driver's message can hold the values of a statement.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"))
        if for_people
        else structlog.processors.JSONRenderer(serializer=_written)
    )
    lines = _PatientLogger(stream)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        _WithoutValues(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def _written(event: dict[str, object], **_: object) -> str:
    """A line of ASCII: what is not, a terminal could obey, and is escaped."""
    with suppress(TypeError):
        line = orjson.dumps(event, default=str).decode()
        if line.isascii():
            return line
    return json.dumps(event, default=str, separators=(",", ":"))


class _PatientLogger(structlog.PrintLogger):
    """A log that can not be written costs nobody an answer: what was done is done."""

    def msg(self, message: str) -> None:
        with suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warning = error = msg


class _WithoutValues(structlog.stdlib.ProcessorFormatter):
    """A library's log record as its name and place; its message could quote what it was given."""

    def format(self, record: logging.LogRecord) -> str:
        record.msg = "library message"
        record.args = ()
        record.exc_info = None
        record.exc_text = None
        record.stack_info = None
        return super().format(record)


def where(error: BaseException) -> list[str]:
    """The places an error went through, innermost last, and its type; never its message."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return [*places[-8:], type(error).__name__]

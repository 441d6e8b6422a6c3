"""Counters for Prometheus, and alarm events that a monitoring system can act on."""

import os
from enum import StrEnum

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

ERASED = "erased"
_log = structlog.get_logger()


class Alarm(StrEnum):
    """What somebody should know of soon. The words are stable: rules are written against them."""

    TOKEN_CREATED = "token-created"  # noqa: S105  # an event, not a secret
    TOKEN_REVOKED = "token-revoked"  # noqa: S105  # an event, not a secret
    ACCESS_CODE_ISSUED = "access-code-issued"
    ACCESS_LOCKED = "access-locked"
    TEAM_CHANGED = "team-changed"
    PURGE_BRAKED = "purge-braked"
    PURGE_CONFIRMED = "purge-confirmed"
    READ_BUDGET_SPENT = "read-budget-spent"
    FIELD_UNREADABLE = "field-unreadable"
    NOT_SCRUBBED = "not-scrubbed"
    KEYS_CHANGED = "keys-changed"
    KEYRING_REFUSED = "keyring-refused"
    DUTY_OPEN = "duty-open"
    WEBHOOK_GIVEN_UP = "webhook-given-up"


class Signals:
    """The counters of one application object, and the way to raise an alarm."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._alarms = Counter(
            "kluis_alarms_total", "Alarm events by kind.", ["kind"], registry=self._registry
        )
        self._denied = Counter(
            "kluis_denied_total",
            "Refused requests by the code of the refusal.",
            ["code"],
            registry=self._registry,
        )
        self._unreadable = Counter(
            "kluis_unreadable_fields_total",
            "Stored fields and documents that did not open.",
            registry=self._registry,
        )
        self._short_ways_failed = Counter(
            "kluis_short_ways_failed_total",
            "Requests that were answered the long way, for the database failed on the short one.",
            ["cause"],
            registry=self._registry,
        )
        self._requests = Histogram(
            "kluis_request_seconds",
            "Duration of requests by route and status.",
            ["route", "method", "status"],
            registry=self._registry,
        )

    def alarm(self, kind: Alarm, **facts: object) -> None:
        """Raise an alarm event. `facts` are ids, codes, dates and counts."""
        self._alarms.labels(kind).inc()
        _log.warning("alarm", alarm=kind, **_said(facts))

    def denied(self, code: str) -> None:
        self._denied.labels(code).inc()

    def unreadable(self, places: list[str], **about: object) -> None:
        """Count what did not open. `about` is the id of what it belongs to."""
        self._unreadable.inc(len(places))
        self.alarm(Alarm.FIELD_UNREADABLE, fields=",".join(places), **about)

    def erased(self, application_id: object) -> None:
        """What the log must know outside of the database: a restored backup has the record yet."""
        _log.warning(ERASED, application_id=str(application_id))

    def short_way_failed(self, door: str, cause: str) -> None:
        """Nobody else would notice but by the time that it takes."""
        self._short_ways_failed.labels(cause).inc()
        _log.warning("short way failed", door=door, cause=cause)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        self._requests.labels(route, method, str(status)).observe(seconds)

    def exposition(self) -> bytes:
        """The counters in Prometheus' text format; of all processes, where there are several."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types
        return generate_latest(registry)


def _said(facts: dict[str, object]) -> dict[str, str]:
    """What is known, as text; a fact that does not apply is left out."""
    return {name: str(fact) for name, fact in facts.items() if fact is not None}

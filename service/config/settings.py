"""All settings, declared once: variable, default, meaning. The README's table derives from here."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from service.domain.errors import Misconfigured
from service.domain.policy import TEAM_ROLES, Role

Network = IPv4Network | IPv6Network
MEGABYTE = 1024 * 1024


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not low <= int(text) <= high:
            raise ValueError
        return int(text)

    parse.__doc__ = f"a whole number from {low} to {high}"
    return parse


def _database_url(text: str) -> str:
    """an SQLAlchemy URL beginning with sqlite:/// or postgresql+psycopg://"""
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError
    return text


def _pooler(text: str) -> str:
    """transaction, or nothing"""
    if text not in ("", "transaction"):
        raise ValueError
    return text


def _path(text: str) -> Path:
    """a path"""
    return Path(text)


def _optional_path(text: str) -> Path | None:
    """a path, or nothing"""
    return Path(text) if text else None


def _text(text: str) -> str:
    """text"""
    return text


def _zone(text: str) -> ZoneInfo:
    """a time zone's name, such as Europe/Amsterdam"""
    return ZoneInfo(text)


def _version(text: str) -> str:
    """1 to 40 of the characters a-z, A-Z, 0-9, dot, hyphen, underscore"""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", text):
        raise ValueError
    return text


def _team(text: str) -> tuple[tuple[str, Role], ...]:
    """subject:role pairs with commas between, of the roles that a team has"""
    pairs = [pair.strip().rpartition(":") for pair in text.split(",") if pair.strip()]
    team = tuple((subject, Role(role)) for subject, _, role in pairs)
    if any(not subject or role not in TEAM_ROLES for subject, role in team):
        raise ValueError
    return team


def _countries(text: str) -> tuple[str, ...]:
    """country codes of two letters (ISO 3166-1), such as NL, with commas between"""
    countries = tuple(part.strip() for part in text.split(",") if part.strip())
    if not countries or any(re.fullmatch("[A-Z]{2}", country) is None for country in countries):
        raise ValueError
    return countries


def _networks(text: str) -> tuple[Network, ...]:
    """networks such as 127.0.0.0/8, with commas between"""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _level(text: str) -> str:
    """debug, info, warning or error"""
    if text not in ("debug", "info", "warning", "error"):
        raise ValueError
    return text


def _setting(default: str, parse: Callable[[str], Any], meaning: str) -> Any:
    return field(metadata={"default": default, "parse": parse, "meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the operator chose. A field `database_url` is the variable KLUIS_DATABASE_URL."""

    database_url: str = _setting(
        "sqlite:///var/kluis.db",
        _database_url,
        "where the records are; `postgresql+psycopg://…` for PostgreSQL 15 or later",
    )
    pooler: str = _setting(
        "",
        _pooler,
        "`transaction` if a pooler such as PgBouncer, in that mode, stands before PostgreSQL",
    )
    keyring_file: Path = _setting(
        "var/keyring.json", _path, "the keys, mode 0600; keep it and its backup off the database"
    )
    keyring_command: str = _setting(
        "", _text, "instead of the file: a command that prints the keyring (KMS, Vault, age, …)"
    )
    timezone: ZoneInfo = _setting("Europe/Amsterdam", _zone, "the zone of all civil dates")
    statement_version: str = _setting(
        "2025-08-04", _version, "the privacy statement that applies to new applications"
    )
    open_team: tuple[tuple[str, Role], ...] = _setting(
        "", _team, "who selects open applications, `subject:role,…`; empty: none are taken"
    )
    backup_days: int = _setting(
        "30", _whole(1, 3650), "how long a backup lives; a key outlives its last use by as much"
    )
    read_budget: int = _setting(
        "1000", _whole(1, 1_000_000), "distinct applications one subject may read in an hour"
    )
    max_json_kb: int = _setting("1024", _whole(16, 16_384), "the largest JSON body or part, in KiB")
    max_file_mb: int = _setting("25", _whole(1, 1024), "the largest single document, in MiB")
    max_files: int = _setting("10", _whole(1, 100), "documents per application")
    body_seconds: int = _setting(
        "60",
        _whole(1, 3600),
        "how long a body may take to arrive, and a client to take a piece of an answer",
    )
    host: str = _setting("127.0.0.1", _text, "the address to listen on")
    port: int = _setting("8000", _whole(1, 65_535), "the port to listen on")
    workers: int = _setting("1", _whole(1, 64), "server processes")
    threads: int = _setting("250", _whole(1, 1000), "requests that one process serves at a time")
    pool_size: int = _setting("10", _whole(1, 500), "database connections per process")
    rewrite_mb: int = _setting(
        "256",
        _whole(0, 1_000_000),
        "PostgreSQL tables up to this size are rewritten after a purge, larger ones vacuumed",
    )
    countries: tuple[str, ...] = _setting(
        "NL", _countries, "to which countries fields may be disclosed, the company's own first"
    )
    controller: str = _setting(
        "", _text, "who is responsible, with contact data, as reports and the register name it"
    )
    webhooks_file: Path | None = _setting(
        "", _optional_path, "systems to tell of events: names, addresses and secrets, mode 0600"
    )
    metrics_from: tuple[Network, ...] = _setting(
        "127.0.0.0/8,::1/128", _networks, "who may read /metrics, as networks"
    )
    log_level: str = _setting("info", _level, "debug, info, warning or error")
    demo_clock: Path | None = _setting(
        "", _optional_path, "a file that holds the moment it is; only a demo database accepts it"
    )

    @property
    def max_file_bytes(self) -> int:
        return self.max_file_mb * MEGABYTE

    @property
    def max_json_bytes(self) -> int:
        return self.max_json_kb * 1024

    @property
    def max_body_bytes(self) -> int:
        """A whole multipart body: one file of each allowed, the JSON part, and the boundaries."""
        return self.max_files * self.max_file_bytes + self.max_json_bytes + MEGABYTE


@dataclass(frozen=True)
class SettingDoc:
    variable: str
    default: str
    meaning: str


def settings_docs() -> list[SettingDoc]:
    """Each setting as the README lists it."""
    return [
        SettingDoc(_variable(item.name), item.metadata["default"], item.metadata["meaning"])
        for item in fields(Settings)
    ]


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in the environment. Misconfigured names a bad variable, never its value."""
    values = {}
    for item in fields(Settings):
        variable, parse = _variable(item.name), item.metadata["parse"]
        try:
            values[item.name] = parse(environment.get(variable, item.metadata["default"]))
        except (ValueError, KeyError, OSError) as error:
            raise Misconfigured(f"{variable}: this must be {parse.__doc__}") from error
    _refuse_unknown(environment)
    return Settings(**values)


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """A misspelt setting would silently keep its default: say so instead."""
    known = {doc.variable for doc in settings_docs()}
    ours = (name for name in environment if name.startswith("KLUIS_"))
    unknown = [n for n in ours if n not in known and not n.startswith("KLUIS_TEST_")]
    if unknown:
        raise Misconfigured(f"{min(unknown)}: there is no such setting")


def _variable(name: str) -> str:
    return f"KLUIS_{name.upper()}"

"""Rows made inside the database, from their numbers: as many as one likes, by one statement."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    String,
    Uuid,
    cast,
    func,
    insert,
    literal,
    select,
)

Number = ColumnElement[int]
Row = Mapping[str, Any]  # of constants and of SQL expressions


def insert_numbered(
    connection: Connection, table: Any, count: int, row: Callable[[Number], Row]
) -> None:
    """Insert what `row` makes of each number from 0 on."""
    numbers = _numbers(count)
    columns = {name: _value(table, name, one) for name, one in row(numbers.c.number).items()}
    rows = select(*columns.values()).select_from(numbers)
    connection.execute(insert(table).from_select(list(columns), rows, include_defaults=False))


def _numbers(count: int) -> CTE:
    first = select(literal(0, BigInteger).label("number")).cte("numbers", recursive=True)
    following = select(first.c.number + 1).where(first.c.number < count - 1)
    return first.union_all(following)


def _value(table: Any, name: str, value: Any) -> ColumnElement[Any]:
    return value if isinstance(value, ColumnElement) else literal(value, table.c[name].type)


def hex_of(connection: Connection, number: Number, digits: int) -> ColumnElement[str]:
    if connection.dialect.name == "postgresql":
        return func.lpad(func.to_hex(number), digits, "0", type_=String)
    return func.printf(f"%0{digits}x", number, type_=String)


def id_of(
    connection: Connection, first: datetime, kind: str, number: Number
) -> ColumnElement[UUID]:
    """A UUIDv7, a millisecond after that of the number before; `kind` is a letter."""
    moment = literal(int(first.timestamp() * 1_000), BigInteger) + number
    middle = "700080" + kind.encode().hex() * 3  # version 7, variant, and what tells kinds apart
    text = hex_of(connection, moment, 12) + middle + hex_of(connection, number, 8)
    return cast(text, Uuid())

"""The ordinary plaintext twin: what a team would build without encryption, authorisation or audit.

Flask-SQLAlchemy, one row a candidate, marshmallow in and out. Written as well as such a service is
written: columns of the right type, an index for the list, only the listed columns loaded for it.
"""

import os
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from flask import Flask, Response, abort, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from marshmallow import Schema, fields
from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, Text, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, load_only, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from service.config.settings import load_settings
from service.web.bodies import read_json_body
from service.web.schemas import Submission, load

_json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """The base of both tables."""


class Record(Base):
    """A candidate, all of it in the clear."""

    __tablename__ = "candidate"
    __table_args__ = (Index("ix_candidate_procedure", "procedure_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    procedure_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(40))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    purge_on: Mapped[date] = mapped_column(index=True)
    name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    phone: Mapped[str | None] = mapped_column(String(40))
    other_contact: Mapped[Any] = mapped_column(_json, nullable=True)
    address: Mapped[Any] = mapped_column(_json, nullable=True)
    birth_date: Mapped[date | None]
    gender: Mapped[str | None] = mapped_column(String(40))
    nationality: Mapped[str | None] = mapped_column(String(80))
    work_permit: Mapped[Any] = mapped_column(_json, nullable=True)
    education: Mapped[Any] = mapped_column(_json, nullable=True)
    internships: Mapped[Any] = mapped_column(_json, nullable=True)
    work_experience: Mapped[Any] = mapped_column(_json, nullable=True)
    trainings: Mapped[Any] = mapped_column(_json, nullable=True)
    certificates: Mapped[Any] = mapped_column(_json, nullable=True)
    availability: Mapped[Any] = mapped_column(_json, nullable=True)
    motivation: Mapped[str | None] = mapped_column(Text)
    other: Mapped[str | None] = mapped_column(Text)
    references: Mapped[Any] = mapped_column(_json, nullable=True)
    assessments: Mapped[Any] = mapped_column(_json, nullable=True)
    notes: Mapped[Any] = mapped_column(_json, nullable=True)


class File(Base):
    """A file of a candidate, in the clear."""

    __tablename__ = "file"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    candidate_id: Mapped[UUID] = mapped_column(
        ForeignKey("candidate.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes]


class Item(Schema):
    """A line of a list."""

    id = fields.UUID()
    status = fields.String()
    received_at = fields.AwareDateTime()
    name = fields.String()
    email = fields.String()
    phone = fields.String()
    availability = fields.Raw()


class Candidate(Item):
    """All that is kept of a candidate."""

    procedure_id = fields.UUID()
    purge_on = fields.Date()
    other_contact = fields.Raw()
    address = fields.Raw()
    birth_date = fields.Date()
    gender = fields.String()
    nationality = fields.String()
    work_permit = fields.Raw()
    education = fields.Raw()
    internships = fields.Raw()
    work_experience = fields.Raw()
    trainings = fields.Raw()
    certificates = fields.Raw()
    motivation = fields.String()
    other = fields.String()
    references = fields.Raw()
    assessments = fields.Raw()
    notes = fields.Raw()


db = SQLAlchemy(model_class=Base)
one, many = Candidate(), Item(many=True)
settings = load_settings({})
PURGE_ON = date(2027, 6, 1)


def create_app() -> Flask:
    app = Flask("ordinary", static_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["TWIN_DATABASE_URL"]
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 10, "max_overflow": 0}
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            durable(db.engine)
    app.add_url_rule("/candidates/<uuid:candidate_id>", view_func=read)
    app.add_url_rule("/procedures/<uuid:procedure_id>/candidates", view_func=list_page)
    app.add_url_rule("/candidates", view_func=add, methods=["POST"])
    app.add_url_rule("/candidates/<uuid:candidate_id>/files", view_func=upload, methods=["POST"])
    app.add_url_rule("/files/<uuid:file_id>", view_func=download)
    return app


def durable(engine: Any) -> None:
    """SQLite as Kluis sets it, but for deletion that overwrites."""

    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)


def read(candidate_id: UUID) -> Response:
    row = db.session.get(Record, candidate_id)
    if row is None:
        abort(404)
    return jsonify(one.dump(row))


def list_page(procedure_id: UUID) -> Response:
    listed = Record.id, Record.status, Record.received_at
    shown = Record.name, Record.email, Record.phone, Record.availability
    query = (
        db.select(Record)
        .options(load_only(*listed, *shown))
        .where(Record.procedure_id == procedure_id)
        .order_by(Record.id)
        .limit(min(int(request.args.get("limit", "50")), 100))
    )
    return jsonify({"items": many.dump(db.session.scalars(query))})


def add() -> tuple[Response, int]:
    """The body is read and validated by the very code that Kluis does it with."""
    body = load(Submission, read_json_body(request, settings).value)
    made = uuid4()  # known here: after a commit a row's id is a row read back
    row = Record(
        id=made,
        procedure_id=UUID(body["procedure_reference"]),
        status="received",
        received_at=datetime.now(UTC),
        purge_on=PURGE_ON,
        **_typed(body["values"]),
    )
    db.session.add(row)
    db.session.commit()
    return jsonify({"id": made}), 201


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    born = values.get("birth_date")
    return {**values, "birth_date": born and date.fromisoformat(born)}


def upload(candidate_id: UUID) -> tuple[Response, int]:
    sent, made = request.files["cv"], uuid4()
    row = File(id=made, candidate_id=candidate_id, name=sent.filename or "")
    row.media_type, row.content = sent.mimetype, sent.read()
    db.session.add(row)
    db.session.commit()
    return jsonify({"id": made}), 201


def download(file_id: UUID) -> Response:
    row = db.session.get(File, file_id)
    if row is None:
        abort(404)
    return Response(row.content, mimetype=row.media_type)

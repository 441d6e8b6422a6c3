"""The bare plaintext twin: the driver by hand and orjson, nothing else. It is the floor.

It reads the ordinary twin's table.
"""

import os
from threading import local
from uuid import UUID

import orjson
import psycopg
from flask import Flask, Response, abort
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from tests.harness.postgres import libpq_url

QUERY = "SELECT * FROM candidate WHERE id = %s"
_own = local()


def create_app() -> Flask:
    set_json_loads(orjson.loads)
    app = Flask("bare", static_folder=None)
    app.add_url_rule("/candidates/<uuid:candidate_id>", view_func=read)
    return app


def read(candidate_id: UUID) -> Response:
    row = _connection().execute(QUERY, (candidate_id,)).fetchone()
    if row is None:
        abort(404)
    return Response(orjson.dumps(row), mimetype="application/json")


def _connection() -> "psycopg.Connection[dict[str, object]]":
    """Each thread's own, in autocommit, so that what it prepared stays prepared."""
    if not hasattr(_own, "connection"):
        url = libpq_url(os.environ["TWIN_DATABASE_URL"])
        _own.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
    connection: psycopg.Connection[dict[str, object]] = _own.connection
    return connection

"""Writes the next migration from what the tables say: `make migration m="driving licences"`.

It compares with a throw-away database at the newest revision; read what it writes before use.
"""

import sys
import tempfile

from flask_migrate import revision, upgrade

from service.app import create_bare_app
from service.config.settings import load_settings
from service.storage.database import db, make_file
from service.storage.schema import newest_revision


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({"KLUIS_DATABASE_URL": f"sqlite:///{folder}/kluis.db"})
        with create_bare_app(settings).app_context():
            make_file(db.engine)
            upgrade()
            revision(message=message, autogenerate=True, rev_id=f"{int(newest_revision()) + 1:04}")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))

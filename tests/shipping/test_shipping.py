"""The image, built by the Dockerfile's own steps: run as nobody, with everything read-only."""

import json
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.factories import PDF, FieldsFactory
from tests.harness.postgres import libpq_url, running_postgres
from tests.shipping.composition import SERVICES, script_of
from tests.shipping.image import Image, build, remove
from tests.shipping.processes import Process, free_port

pytestmark = pytest.mark.xdist_group("image")  # one build for all, where xdist keeps groups
PASSWORD = "canary-0123456789"
LONGEST_DAY = 25.6 * 60 * 60


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    root = Path(tempfile.mkdtemp(prefix="kluis-image-"))  # pytest's own would keep others out
    yield build(root)
    remove(root)


@pytest.fixture(scope="module", autouse=True)
def admin(image: Image) -> str:
    """The first admin's token of an installation on SQLite, as `init` prints it."""
    made = image.run("init")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def token(image: Image, role: str) -> str:
    made = image.run("tokens", "create", role, f"a-{role}")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def post(process: Process, path: str, token: str, kind: str, body: bytes) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind, "Idempotency-Key": "one"}
    asked = urllib.request.Request(f"{process.url}/v1{path}", body, headers)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def open_application() -> tuple[str, bytes]:
    """Content type and body of an open application with a CV."""
    fields = json.dumps({"kind": "open", "fields": FieldsFactory()})
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="application"; filename="a"\r\n\r\n{fields}',
        '--x\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n\r\n',
    ]
    return "multipart/form-data; boundary=x", "\r\n".join(parts).encode() + PDF + b"\r\n--x--\r\n"


def outside_the_volumes(image: Image) -> set[Path]:
    return {path for path in image.root.rglob("*") if not set(path.parents) & set(image.volumes)}


@pytest.fixture(scope="module")
def served(image: Image) -> Iterator[Process]:
    with image.serving(free_port(), KLUIS_OPEN_TEAM="a-recruiter:recruiter") as process:
        yield process


def test_the_image_takes_an_application_and_writes_to_its_volumes_only(
    image: Image, served: Process
):
    before, website = outside_the_volumes(image), token(image, "website")
    made = post(served, "/applications", website, *open_application())
    assert made["version"] == 1
    assert outside_the_volumes(image) == before
    assert {path.stem for path in image.volumes[0].iterdir()} == {"kluis"}


def test_the_health_check_tells_a_served_image_from_a_stopped_one(image: Image, served: Process):
    assert image.health(KLUIS_PORT=str(served.port)) == 0
    assert image.health(KLUIS_PORT=str(free_port())) == 1


def test_a_second_init_changes_nothing_and_prints_no_token(image: Image, admin: str):
    again = image.run("init")
    assert (again.returncode, again.stdout) == (0, "")
    assert admin not in again.stderr
    assert image.run("tokens", "list").stdout.count("first-admin") == 1


def test_the_image_does_not_serve_a_database_without_tables(image: Image):
    other = f"sqlite:///{image.root}/tmp/other.db"
    refused = image.run("serve", KLUIS_DATABASE_URL=other)
    assert refused.returncode == 1
    assert "KLUIS_DATABASE_URL: there is no database there" in refused.stderr
    assert image.run("migrate", KLUIS_DATABASE_URL=other).returncode == 0
    assert image.run("tokens", "list", KLUIS_DATABASE_URL=other).returncode == 0


def test_a_step_of_the_purge_service_purges_and_is_healthy_for_a_day(image: Image, served: Process):
    (image.root / "run/secrets/purger-token").write_text(token(image, "purger") + "\n")
    script = image.own(script_of("purge")).replace("http://kluis:8000", served.url)
    step = image.shell(script.replace("sleep ", "exit 9; "))
    assert step.returncode == 9
    assert step.stdout.strip() == "Purged 0; held back by a legal hold: 0."
    _, check = SERVICES["purge"]["healthcheck"]["test"]
    assert image.shell(image.own(check)).returncode == 0
    purged = image.root / "tmp/purged"
    os.utime(purged, (purged.stat().st_mtime - LONGEST_DAY,) * 2)
    assert image.shell(image.own(check)).returncode == 1


def test_a_purge_that_reaches_nobody_ends_with_its_own_code(image: Image):
    secret = image.root / "run/secrets/some-token"
    secret.write_text("nobody's")
    url = f"http://127.0.0.1:{free_port()}"
    assert image.run("purge", "--url", url, "--token-file", str(secret)).returncode == 5


def test_the_composition_s_url_takes_the_password_from_the_file(image: Image):
    given = SERVICES["kluis"]["environment"]["KLUIS_DATABASE_URL"]
    passfile = image.root / "run/secrets/db-passfile"
    with running_postgres() as server:
        demand_password(server.url, server.data)
        socket = server.data.parent
        url = image.own(given).replace("@db:5432/kluis?", f"@/kluis?host={socket}&")
        passfile.write_text(f"{socket}:5432:kluis:kluis:wrong\n")
        image.hand_over(passfile)
        refused = image.run("init", KLUIS_DATABASE_URL=url)
        assert refused.returncode == 1
        assert refused.stderr.startswith("Error: KLUIS_DATABASE_URL: ")
        passfile.write_text(f"{socket}:5432:kluis:kluis:{PASSWORD}\n")
        made = image.run("init", KLUIS_DATABASE_URL=url)
        assert made.returncode == 0, made.stderr
        assert PASSWORD not in made.stderr
        with image.serving(free_port(), KLUIS_DATABASE_URL=url) as process:
            assert process.get("/readyz") == (200, "ready\n")


def demand_password(url: str, data: Path) -> None:
    """A role and a database of its own, reached with a password and not otherwise."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE kluis LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("CREATE DATABASE kluis OWNER kluis")
        (data / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        connection.execute("SELECT pg_reload_conf()")
    data.parent.chmod(0o711)
    (data.parent / ".s.PGSQL.5432").chmod(0o777)

"""The README's first command where nothing was installed before."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.shipping.image import PROJECT
from tests.shipping.processes import free_port, running

pytestmark = pytest.mark.fresh
ADMIN = "kluis_admin_"


def check_out(target: Path) -> None:
    """What a clone would hold, as the files are now."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)


def test_make_run_installs_sets_up_and_serves_and_prints_the_first_token_once(tmp_path: Path):
    check_out(tmp_path)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("KLUIS_")}
    outputs = []
    for _ in range(2):
        port = free_port()
        environment = {**kept, "KLUIS_PORT": str(port)}
        with running(["make", "run"], port, cwd=tmp_path, env=environment) as process:
            assert process.get("/healthz") == (200, "ok\n")
            assert process.get("/readyz") == (200, "ready\n")
        outputs.append(process.output)
    assert [output.count(ADMIN) for output in outputs] == [1, 0]
    assert {"keyring.json", "kluis.db"} <= {path.name for path in (tmp_path / "var").iterdir()}

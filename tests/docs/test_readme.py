"""The README testifies: its transcript, its tables and its links are what the code does."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import kluis
from service.config.settings import settings_docs
from service.domain.policy import NEED_TO_KNOW, NOTHING, TOKEN_ROLES, Role
from service.domain.retention import Phase
from tests.harness.server import Installation, served

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def _after(marker: str) -> str:
    """What stands behind an HTML comment, up to the next empty line after a table or block."""
    return README.split(f"<!-- {marker} -->\n", 1)[1]


def _table(marker: str) -> list[list[str]]:
    lines = [line for line in _after(marker).split("\n\n", 1)[0].splitlines() if line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _steps() -> Iterator[tuple[str, str]]:
    """Each command of the transcript with the output shown below it."""
    block = _after("transcript").split("```console\n", 1)[1].split("```", 1)[0]
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = step.partition("\n")
        yield command, output.strip()


def _shown_as(role: Role, phase: Phase) -> str:
    seen = NEED_TO_KNOW.get((role, phase), NOTHING)
    order = list(type(next(iter(seen.groups))).__members__.values()) if seen.groups else []
    groups = ", ".join(group for group in order if group in seen.groups)
    kinds = [kind for kind in ("cv", "letter", "certificate", "other") if kind in seen.documents]
    return f"{groups}; {', '.join(kinds)}" if kinds else groups or "–"


def test_the_settings_table_is_the_settings():
    expected = [
        [f"`{doc.variable}`", f"`{doc.default}`" if doc.default else "none", doc.meaning]
        for doc in settings_docs()
    ]
    assert _table("settings") == expected


def test_the_need_to_know_table_is_the_policy():
    rows = _table("need-to-know")
    assert sorted(row[0] for row in rows) == sorted(TOKEN_ROLES)
    for row in rows:
        assert row[1:] == [_shown_as(Role(row[0]), phase) for phase in Phase]


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_named_is_a_command():
    named = set(
        re.findall(
            r"\bkluis ((?:[a-z]+)(?: (?:show|add|rotate|rewrap|reindex|destroy|create|verify))?)",
            README,
        )
    )
    for command in sorted(named - {"is", "demo"}):
        shown = CliRunner().invoke(kluis, [*command.split(), "--help"])
        assert shown.exit_code == 0, command


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with served(tmp_path, f"sqlite:///{tmp_path}/kluis.db") as found:
        yield found


def test_the_transcript_is_word_for_word(installation: Installation, tmp_path: Path):
    commands = [
        command.replace("127.0.0.1:8000", f"127.0.0.1:{installation.port}")
        .replace("/tmp/", f"{tmp_path}/")
        .replace("$PWD/.venv/bin", str(Path(sys.executable).parent))
        for command, _ in _steps()
    ]
    script = "".join(f"{command}\necho; echo '=== step'\n" for command in commands)
    ran = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | installation.environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    outputs = [output.strip() for output in ran.stdout.split("=== step\n")]
    for (command, expected), output in zip(_steps(), outputs, strict=False):
        pattern = ".*".join(re.escape(part) for part in expected.split("…"))
        assert re.fullmatch(pattern, output), f"{command}\n{output}\n{expected}"

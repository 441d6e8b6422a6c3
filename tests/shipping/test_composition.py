"""What the composition and the Dockerfile promise, and the schedule of the purge."""

import re
import subprocess
from datetime import datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.shipping.composition import COMPOSITION, SERVICES, script_of
from tests.shipping.image import PROJECT, read_dockerfile

OURS = ["init", "kluis", "purge", "deliver"]
AMSTERDAM = ZoneInfo("Europe/Amsterdam")

# A clock that stands until somebody sleeps, and a job with given exit codes and minutes it takes.
DATE = 'exec /bin/date -d "@$(cat "$STAGE/clock")" "$@"'
SLEEP = """
[ -s "$STAGE/codes" ] || exit 9
echo $(($(cat "$STAGE/clock") + $1)) >"$STAGE/clock"
"""
KLUIS = """
cat "$STAGE/clock" >>"$STAGE/runs"
read -r code minutes <"$STAGE/codes"
sed -i 1d "$STAGE/codes"
echo $(($(cat "$STAGE/clock") + ${minutes:-0} * 60)) >"$STAGE/clock"
exit "$code"
"""


def runs_of_the_job(stage: Path, begin: str, codes: list[int | str]) -> list[str]:
    """When the purge service calls the job, from `begin` on, if it ends with these codes."""
    programs = stage / "programs"
    programs.mkdir()
    for name, text in {"date": DATE, "sleep": SLEEP, "kluis": KLUIS, "touch": ""}.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    begun = datetime.fromisoformat(begin).replace(tzinfo=AMSTERDAM)
    (stage / "clock").write_text(f"{begun.timestamp():.0f}\n")
    (stage / "codes").write_text("".join(f"{code}\n" for code in codes))
    entrypoint: list[str] = SERVICES["purge"]["entrypoint"]
    ended = subprocess.run(
        [*entrypoint, script_of("purge")],
        env={**SERVICES["purge"]["environment"], "PATH": f"{programs}:/bin", "STAGE": str(stage)},
        check=False,
    )
    assert ended.returncode == 9  # by the sleep without a next code
    moments = (stage / "runs").read_text().split()
    return [f"{datetime.fromtimestamp(int(one), AMSTERDAM):%m-%d %H:%M}" for one in moments]


@pytest.mark.parametrize(
    ("begin", "codes", "expected"),
    [
        pytest.param(
            "2026-11-22T14:20",
            [0, 0, 0],
            ["11-22 14:20", "11-23 00:05", "11-24 00:05"],
            id="at start, then daily at 00:05",
        ),
        pytest.param(
            "2026-11-22T23:10",
            [0, 3, 5, 4, 0, 0],
            ["11-22 23:10", *(f"11-23 0{hour}:05" for hour in range(4)), "11-24 00:05"],
            id="hourly until it went well",
        ),
        pytest.param(
            "2027-03-27T12:00",
            [0, 0, 0],
            ["03-27 12:00", "03-28 00:05", "03-29 00:05"],
            id="the day of 23 hours",
        ),
        pytest.param(
            "2026-10-24T12:00",
            [0, 1, 1, 1, 1, 0],
            ["10-24 12:00", *(f"10-25 0{hour}:05" for hour in (0, 1, 2, 2, 3))],
            id="the night with one hour twice",
        ),
        pytest.param(
            "2026-11-22T22:30",
            [1, 1, 0],
            ["11-22 22:30", "11-22 23:05", "11-23 00:05"],
            id="a run that fails before midnight does not count for the day after",
        ),
        pytest.param(
            "2026-11-22T23:20",
            ["0 50", 0, 0],
            ["11-22 23:20", "11-23 01:05", "11-24 00:05"],
            id="nor does one that goes well beyond it",
        ),
    ],
)
def test_the_purge_runs_at_five_past_midnight_and_hourly_until_it_went_well(
    tmp_path: Path, begin: str, codes: list[int | str], expected: list[str]
):
    assert runs_of_the_job(tmp_path, begin, codes) == expected


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_has_no_rights_and_writes_nothing_but_its_volumes(name: str):
    given = SERVICES[name]
    assert given["read_only"] is True
    assert given["cap_drop"] == ["ALL"]
    assert "cap_add" not in given
    assert given["security_opt"] == ["no-new-privileges:true"]
    assert [one.partition(":")[0] for one in given["tmpfs"]] == ["/tmp"]


def test_only_the_service_is_published_and_only_to_this_machine():
    published = {name: given["ports"] for name, given in SERVICES.items() if "ports" in given}
    assert published == {"kluis": ["127.0.0.1:8000:8000"]}
    assert COMPOSITION["networks"]["inside"] == {"internal": True}
    assert {name for name, one in SERVICES.items() if "outside" in one["networks"]} == {
        "kluis",
        "deliver",
    }


def test_no_secret_stands_in_the_composition_or_in_an_environment():
    environments = [given["environment"] for given in SERVICES.values()]
    spoken = " ".join(f"{name}={value}" for one in environments for name, value in one.items())
    assert re.findall(r"//[^/@\s]*:[^/@\s]*@", spoken) == []
    named = re.findall(r"(\S*PASS\S*)=(\S+)", spoken)
    assert named == [("POSTGRES_PASSWORD_FILE", "/run/secrets/db-password")]


def test_every_secret_is_a_file_of_its_own_given_to_those_who_need_it():
    given = {name: one.get("secrets", []) for name, one in SERVICES.items()}
    assert given == {
        "db": ["db-password"],
        "init": ["db-passfile"],
        "kluis": ["db-passfile", "webhooks"],
        "purge": ["purger-token"],
        "deliver": ["db-passfile", "webhooks"],
    }
    declared = {name: one["file"] for name, one in COMPOSITION["secrets"].items()}
    assert declared == {name: f"./secrets/{name}" for name in chain(*given.values())}


def test_the_service_reads_the_keyring_as_a_directory_and_only_init_writes_it():
    mounts = {name: SERVICES[name].get("volumes", []) for name in OURS}
    assert mounts == {
        "init": ["keyring:/keyring"],
        "kluis": ["keyring:/keyring:ro"],
        "purge": [],
        "deliver": ["keyring:/keyring:ro"],
    }


def test_the_secrets_directory_is_kept_out_of_the_image_and_out_of_git():
    assert "secrets/" in (PROJECT / ".gitignore").read_text().splitlines()
    rules = (PROJECT / ".dockerignore").read_text().splitlines()
    assert rules[1] == "*"
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    builder, _ = read_dockerfile()
    copied = {word for step in builder if step.name == "COPY" for word in step.words[:-1]}
    assert allowed == copied


def test_the_final_stage_runs_nothing_and_starts_as_nobody():
    _, final = read_dockerfile()
    steps = {step.name: step.text for step in final}
    assert "RUN" not in steps
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", steps["USER"])
    assert (steps["EXPOSE"], steps["ENTRYPOINT"], steps["CMD"]) == (
        "8000",
        '["kluis"]',
        '["serve"]',
    )


def test_everything_installed_is_pinned_by_hash():
    builder, _ = read_dockerfile()
    installs = [part for step in builder for part in step.text.split("&&") if "pip install" in part]
    assert len(installs) == 2
    assert all("--require-hashes" in one or "--no-deps" in one for one in installs)


def test_what_waits_for_another_waits_until_it_is_healthy():
    waits = {name: one["depends_on"] for name, one in SERVICES.items() if "depends_on" in one}
    healthy = {"condition": "service_healthy"}
    assert waits == {
        "init": {"db": healthy},
        "kluis": {"db": healthy},
        "purge": {"kluis": healthy},
        "deliver": {"kluis": healthy},
    }
    assert SERVICES["db"]["healthcheck"]["test"][:4] == ["CMD", "pg_isready", "-h", "127.0.0.1"]


def test_init_is_run_by_hand_so_that_its_token_lands_in_no_log():
    assert SERVICES["init"]["profiles"] == ["setup"]
    assert "restart" not in SERVICES["init"]

"""The image without an engine: the Dockerfile's own steps, carried out below a directory.

Every path of the image lies below `root`, in instructions and variables alike. The base image is
stood in for by this Python, copied below `root` as well. What is built is then made read-only, and
run by an account that owns nothing but the volumes and /tmp; where the tests may not change
accounts they run it as their own, which the missing write permission binds as well.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.shipping.processes import Process, running

PROJECT = Path(__file__).parents[2]
IMAGE_PATHS = re.compile(r"(?<![\w.}])/(?=(?:opt/kluis|data|keyring|tmp|run/secrets)\b)")
STRANGER = 10001
MAY_CHANGE_ACCOUNT = os.geteuid() == 0


@dataclass(frozen=True)
class Instruction:
    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """The words, in shell form or in JSON."""
        return json.loads(self.text) if self.text.startswith("[") else self.text.split()


def read_dockerfile() -> list[list[Instruction]]:
    """The instructions of each stage."""
    text = re.sub(r"^#.*\n", "", (PROJECT / "Dockerfile").read_text(), flags=re.MULTILINE)
    stages: list[list[Instruction]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append(Instruction(name, rest.strip()))
    return stages


@dataclass
class Image:
    """What the Dockerfile made: files below `root`, and how they are to be run."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    workdir: Path = Path("/")
    volumes: list[Path] = field(default_factory=list)
    start: dict[str, Instruction] = field(default_factory=dict)

    def own(self, text: str) -> str:
        """`text` with the image's paths below this root."""
        return IMAGE_PATHS.sub(f"{self.root}/", text)

    @property
    def python(self) -> Path:
        """Where the stand-in for the base image keeps its programs."""
        return self.root / "usr/local/bin"

    @property
    def entrypoint(self) -> list[str]:
        return self.start["ENTRYPOINT"].words

    @property
    def healthcheck(self) -> list[str]:
        _, _, words = self.start["HEALTHCHECK"].text.partition(" CMD ")
        return Instruction("CMD", words.strip()).words

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """One command of the image, to its end."""
        return subprocess.run(
            [*self.entrypoint, *arguments],
            capture_output=True,
            text=True,
            check=False,
            **self._as(variables),
        )

    def shell(self, script: str) -> "subprocess.CompletedProcess[str]":
        """A script in the image."""
        return subprocess.run(
            ["/bin/sh", "-euc", script], capture_output=True, text=True, check=False, **self._as({})
        )

    def health(self, **variables: str) -> int:
        """The exit code of the health check."""
        return subprocess.run(
            self.healthcheck, capture_output=True, check=False, **self._as(variables)
        ).returncode

    def hand_over(self, secret: Path) -> None:
        """A file for the image's account alone."""
        secret.chmod(0o600)
        if MAY_CHANGE_ACCOUNT:
            os.chown(secret, STRANGER, STRANGER)

    @contextmanager
    def serving(self, port: int, **variables: str) -> Iterator[Process]:
        """The image as it is started: its entrypoint with its own command."""
        variables |= {"KLUIS_HOST": "127.0.0.1", "KLUIS_PORT": str(port)}
        with running(
            [*self.entrypoint, *self.start["CMD"].words], port, **self._as(variables)
        ) as process:
            yield process

    def _as(self, variables: Mapping[str, str]) -> dict[str, Any]:
        """As an engine would: the image's environment and working directory, and nobody's ids."""
        environment = {**self.environment, "TMPDIR": str(self.root / "tmp"), **variables}
        account = {"user": STRANGER, "group": STRANGER, "extra_groups": []}
        return {"env": environment, "cwd": self.workdir, **(account if MAY_CHANGE_ACCOUNT else {})}


def build(root: Path) -> Image:
    """Carry out both stages below `root`, then take the permission to write away."""
    root.chmod(0o755)
    image = Image(root)
    _copy_python(image)
    builder, final = read_dockerfile()
    for instruction in builder:
        _build_step(image, instruction)
    for instruction in final:
        _final_step(image, instruction)
    _make_read_only(image)
    return image


def _copy_python(image: Image) -> None:
    """This Python in place of the base image: one that every account may read."""
    name = f"python{sysconfig.get_python_version()}"
    image.python.mkdir(parents=True)
    shutil.copy2(Path(sys.executable).resolve(), image.python / name)
    for alias in ("python", "python3"):
        (image.python / alias).symlink_to(name)
    library = Path(sysconfig.get_path("stdlib"))
    left_out = shutil.ignore_patterns(
        "site-packages",
        "dist-packages",
        "test",
        "tests",
        "config-*",
        "idlelib",
        "tkinter",
        "lib2to3",
    )
    libraries = image.root / "usr/local/lib"
    shutil.copytree(library, libraries / name, ignore=left_out)
    shared = Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME"))
    if shared.is_file():
        shutil.copy2(shared, libraries)
        image.environment["LD_LIBRARY_PATH"] = str(libraries)


def _build_step(image: Image, step: Instruction) -> None:
    match step.name:
        case "FROM":
            assert step.words[0].startswith("python:3.")
        case "WORKDIR":
            image.workdir = Path(image.own(step.text))
            image.workdir.mkdir(parents=True, exist_ok=True)
        case "COPY":
            *sources, target = step.words
            for source in sources:
                _copy(PROJECT / source, image.workdir / target)
        case "RUN":
            path = f"{image.python}:{os.environ['PATH']}"
            subprocess.run(
                image.own(step.text),
                shell=True,
                check=True,
                cwd=image.workdir,
                env={**os.environ, "PATH": path},
            )
        case other:
            raise AssertionError(f"the builder has a step that is not known here: {other}")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _final_step(image: Image, step: Instruction) -> None:
    match step.name:
        case "FROM" | "EXPOSE":
            pass
        case "WORKDIR":
            image.workdir = Path(image.own(step.text))
        case "COPY":
            _claim(image, step.words)
        case "ENV":
            _set(image, step.words)
        case "VOLUME":
            image.volumes = [Path(image.own(one)) for one in step.words]
        case "USER" | "ENTRYPOINT" | "CMD" | "HEALTHCHECK":
            image.start[step.name] = step
        case other:
            raise AssertionError(f"the final stage has a step that is not known here: {other}")


def _set(image: Image, pairs: list[str]) -> None:
    for pair in pairs:
        name, _, value = pair.partition("=")
        found = f"{image.python}:{os.defpath}"
        image.environment[name] = image.own(value).replace("$PATH", found)


def _claim(image: Image, words: list[str]) -> None:
    """What the final stage takes over: it already lies in its place here, and may change hands."""
    *options, source, target = words
    assert "--from=builder" in options
    place = image.workdir / image.own(target)
    assert place == Path(image.own(source))
    owners = [option.partition("=")[2] for option in options if option.startswith("--chown=")]
    if owners and MAY_CHANGE_ACCOUNT:
        user, group = map(int, owners[0].split(":"))
        os.chown(place, user, group)


def _make_read_only(image: Image) -> None:
    """All but the volumes, /tmp and /run/secrets, which is the operator's."""
    for place in ("opt", "usr"):
        _change_mode("a-w,a+rX", image.root / place)
    for place in ("tmp", "run/secrets"):
        (image.root / place).mkdir(parents=True)
    (image.root / "tmp").chmod(0o1777)


def remove(image_root: Path) -> None:
    """Take away what was built, read-only as it is."""
    if not MAY_CHANGE_ACCOUNT:
        _change_mode("u+w", image_root)
    subprocess.run(["/bin/rm", "-rf", str(image_root)], check=True)


def _change_mode(mode: str, place: Path) -> None:
    subprocess.run(["/bin/chmod", "-R", mode, str(place)], check=True)

"""compose.yaml, read as an engine reads it."""

from typing import Any

import yaml

from tests.shipping.image import PROJECT

COMPOSITION: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSITION["services"]


def script_of(name: str) -> str:
    """A service's script; `$$` is how a composition writes `$`."""
    (script,) = SERVICES[name]["command"]
    return str(script).replace("$$", "$")

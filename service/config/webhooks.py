"""Systems that are told of events, as the operator lists them in a file of mode 0600."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Subscriber:
    """One system: its name, where it listens, and the secret that signs what it is sent."""

    name: str
    url: str
    secret: bytes = field(repr=False)

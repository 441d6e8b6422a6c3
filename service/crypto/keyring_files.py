"""Where the keyring is kept: a file of mode 0600, or whatever a command prints."""

import os
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from service.crypto.keyring import Keyring, UnknownKey, parse_keyring, render_keyring
from service.domain.errors import Misconfigured

_COMMAND_SECONDS = 30
_RELOADED_AT_MOST_EVERY_SECONDS = 5.0


def read_keyring_file(path: Path) -> Keyring:
    """The keyring in `path`. Misconfigured if it is absent or others may read it."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise Misconfigured(
                    f"KLUIS_KEYRING_FILE: the file has mode {mode:04o}; it must be 0600, "
                    "readable by its owner only (chmod 600)"
                )
            return parse_keyring(file.read(), "KLUIS_KEYRING_FILE")
    except OSError as error:
        raise Misconfigured(
            f"KLUIS_KEYRING_FILE: the keyring can not be read ({error.strerror}); "
            "a new installation gets one from `kluis init`"
        ) from error


def write_keyring_file(path: Path, keyring: Keyring) -> None:
    """Replace the file in one step: a crash leaves the old keyring or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".keyring-")
    try:
        with os.fdopen(descriptor, "wb") as file:  # mkstemp made it 0600
            file.write(render_keyring(keyring))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_keyring_command(command: str, seconds: float = _COMMAND_SECONDS) -> Keyring:
    """The keyring that the command prints in time; its standard error goes to ours."""
    try:
        # The operator's own setting names the command; no request reaches it.
        output = subprocess.run(  # noqa: S603  # see above
            shlex.split(command), stdout=subprocess.PIPE, timeout=seconds, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        reason = type(error).__name__
        # Not chained: these errors quote the command, and carry what it printed.
        raise Misconfigured(f"KLUIS_KEYRING_COMMAND: the command failed ({reason})") from None
    return parse_keyring(output, "KLUIS_KEYRING_COMMAND")


def file_signature(path: Path) -> object:
    """What changes whenever the keyring file is replaced."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns, found.st_size


class LiveKeyring:
    """The keyring of a running service: read again when its source changes or lacks a key.

    A rotation by another process is thus taken over without a restart. `signature` tells cheaply
    whether the source changed; `monotonic` bounds how often a missing key makes it read again. A
    source that can not be read, or holds other keys than before, is not taken over: the keyring
    before it stays, and `refused` is told. What was sealed under a wrong key would be lost.
    """

    def __init__(
        self,
        read: Callable[[], Keyring],
        monotonic: Callable[[], float],
        signature: Callable[[], object] = lambda: None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._signature = signature
        self._refused = refused
        self._lock = Lock()
        self._read_at = monotonic()
        self._seen = signature()
        self._ring = read()

    @property
    def current(self) -> Keyring:
        """The keyring as its source has it now."""
        if self._signature() != self._seen:
            self._read_again(0.0)
        return self._ring

    def holding(self, key_id: str) -> Keyring:
        """A keyring with this key in it; UnknownKey if there is none even after reading again."""
        ring = self.current
        if key_id not in ring.keys:
            self._read_again(_RELOADED_AT_MOST_EVERY_SECONDS)
            ring = self._ring
        if key_id not in ring.keys:
            raise UnknownKey
        return ring

    def _read_again(self, unless_read_within: float) -> None:
        """Read the source again; who comes while that is being done waits for it."""
        with self._lock:
            if self._monotonic() - self._read_at < unless_read_within:
                return
            self._read_at = self._monotonic()
            self._seen = self._signature()
            try:
                ring = self._read()
            except Misconfigured:
                ring = None
            if ring is not None and ring.continues(self._ring):
                self._ring = ring
            else:
                self._refused()

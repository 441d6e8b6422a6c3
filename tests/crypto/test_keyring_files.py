"""Where the keyring is kept: real files, real commands, and a clock that is passed in."""

import os
import shlex
import stat
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from functools import partial

import pytest

from service.crypto.keyring import KeyPurpose, Keyring, UnknownKey, make_key, render_keyring
from service.crypto.keyring_files import (
    LiveKeyring,
    file_signature,
    read_keyring_command,
    read_keyring_file,
    write_keyring_file,
)
from service.domain.errors import Misconfigured

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NO_FILE = (
    "KLUIS_KEYRING_FILE: the keyring can not be read ({}); "
    "a new installation gets one from `kluis init`"
)
OTHERS_READ = (
    "KLUIS_KEYRING_FILE: the file has mode {}; it must be 0600, "
    "readable by its owner only (chmod 600)"
)


@pytest.fixture
def ring():
    return Keyring([make_key(KeyPurpose.KEK, NOW), make_key(KeyPurpose.INDEX, NOW)])


@pytest.fixture
def path(tmp_path, ring):
    path = tmp_path / "keyring.json"
    write_keyring_file(path, ring)
    return path


def rotated(ring):
    return ring.with_key(make_key(KeyPurpose.KEK, NOW))


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder):
    return [file.name for file in folder.iterdir()]


# The file


def test_a_keyring_is_read_as_it_was_written(path, ring):
    assert read_keyring_file(path).keys == ring.keys
    assert path.read_bytes() == render_keyring(ring)


def test_only_the_owner_may_read_the_file_and_its_new_folder(tmp_path, ring):
    path = tmp_path / "a" / "keyring.json"
    before = os.umask(0)
    try:
        write_keyring_file(path, ring)
    finally:
        os.umask(before)
    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == 0o700


def test_folders_on_the_way_are_made(tmp_path, ring):
    path = tmp_path / "a" / "b" / "keyring.json"
    write_keyring_file(path, ring)
    assert read_keyring_file(path).keys == ring.keys


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_for_its_owner_only_is_read(path, ring, mode):
    path.chmod(mode)
    assert read_keyring_file(path).keys == ring.keys


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666, 0o777])
def test_a_file_that_others_may_touch_is_refused(path, mode):
    path.chmod(mode)
    with pytest.raises(Misconfigured) as caught:
        read_keyring_file(path)
    assert str(caught.value) == OTHERS_READ.format(f"{mode:04o}")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Misconfigured) as caught:
        read_keyring_file(tmp_path / "none.json")
    assert str(caught.value) == NO_FILE.format("No such file or directory")


def test_a_folder_is_no_keyring(tmp_path):
    with pytest.raises(Misconfigured) as caught:
        read_keyring_file(tmp_path)
    assert str(caught.value) == NO_FILE.format("Is a directory")


def test_a_damaged_file_is_named_by_its_setting(path):
    path.write_bytes(b"{}")
    with pytest.raises(Misconfigured, match=r"^KLUIS_KEYRING_FILE: this is not a keyring"):
        read_keyring_file(path)


def test_writing_again_replaces_the_file_and_leaves_nothing_else(path, ring):
    later = rotated(ring)
    write_keyring_file(path, later)
    assert read_keyring_file(path).keys == later.keys
    assert names_in(path.parent) == ["keyring.json"]
    assert mode_of(path) == 0o600


def test_writing_makes_a_loose_file_tight_again(path, ring):
    path.chmod(0o644)
    write_keyring_file(path, ring)
    assert mode_of(path) == 0o600


def test_a_reader_of_the_old_file_keeps_the_whole_old_keyring(path, ring):
    with path.open("rb") as file:
        write_keyring_file(path, rotated(ring))
        assert file.read() == render_keyring(ring)


def test_a_failed_write_leaves_the_old_state_and_no_copy_of_the_keys(tmp_path, ring):
    target = tmp_path / "keyring.json"
    target.mkdir()
    with pytest.raises(OSError, match="keyring"):
        write_keyring_file(target, ring)
    assert names_in(tmp_path) == ["keyring.json"]
    assert names_in(target) == []


def test_a_ring_that_can_not_be_written_leaves_the_old_file(path, ring):
    before = path.read_bytes()
    broken = rotated(ring)
    broken.keys["odd"] = None
    with pytest.raises(AttributeError):
        write_keyring_file(path, broken)
    assert path.read_bytes() == before
    assert names_in(path.parent) == ["keyring.json"]


def test_tidying_up_after_a_failed_write_never_hides_why_it_failed(tmp_path, ring):
    class Vanishing(dict):
        """Keys under which the folder is emptied before they fail."""

        def values(self):
            for file in tmp_path.iterdir():
                file.unlink()
            raise OSError("no space left")

    ring.keys = Vanishing(ring.keys)
    with pytest.raises(OSError, match="no space left"):
        write_keyring_file(tmp_path / "keyring.json", ring)


def test_the_copy_on_its_way_is_for_the_owner_only_and_hidden(tmp_path, ring):
    seen = []

    class Watched(dict):
        """Keys that look about in the folder while they are being written."""

        def values(self):
            seen.extend((file.name, mode_of(file)) for file in tmp_path.iterdir())
            return super().values()

    ring.keys = Watched(ring.keys)
    write_keyring_file(tmp_path / "keyring.json", ring)
    [(name, mode)] = seen
    assert name.startswith(".keyring-")
    assert mode == 0o600


# The command


def test_a_command_prints_the_keyring(path, ring):
    assert read_keyring_command(f"cat {shlex.quote(str(path))}").keys == ring.keys


def test_a_command_is_split_as_a_shell_would_and_run_without_one(tmp_path, ring):
    path = tmp_path / "a name with spaces; $HOME"
    write_keyring_file(path, ring)
    assert read_keyring_command(f"cat '{path}'").keys == ring.keys


def test_what_the_command_says_on_standard_error_goes_to_ours(path, ring, capfd):
    script = f"import sys; sys.stderr.write('opening'); print(open({str(path)!r}).read())"
    command = shlex.join([sys.executable, "-c", script])
    assert read_keyring_command(command).keys == ring.keys
    assert capfd.readouterr() == ("", "opening")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param("false", "CalledProcessError", id="it fails"),
        pytest.param("kluis-no-such-command --key s3cret", "FileNotFoundError", id="not there"),
        pytest.param("/", "PermissionError", id="it is a folder"),
        pytest.param("cat 's3cret", "ValueError", id="an open quote"),
        pytest.param("", "IndexError", id="empty"),
        pytest.param("  ", "IndexError", id="blank"),
    ],
)
def test_a_failing_command_is_named_by_its_setting_and_never_by_its_words(command, reason):
    with pytest.raises(Misconfigured) as caught:
        read_keyring_command(command)
    assert str(caught.value) == f"KLUIS_KEYRING_COMMAND: the command failed ({reason})"
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_command_that_prints_the_keys_and_then_fails_shows_none_of_them(path, ring):
    command = shlex.join(["sh", "-c", f"cat {shlex.quote(str(path))}; exit 3"])
    with pytest.raises(Misconfigured) as caught:
        read_keyring_command(command)
    told = "".join(traceback.format_exception(caught.value))
    assert not any(key.id in told or str(path) in told for key in ring.keys.values())


def test_a_command_that_does_not_end_is_given_up():
    with pytest.raises(Misconfigured, match=r"the command failed \(TimeoutExpired\)$"):
        read_keyring_command("tail -f /dev/null", seconds=0.05)


def test_a_command_that_prints_something_else_is_refused():
    with pytest.raises(Misconfigured, match=r"^KLUIS_KEYRING_COMMAND: this is not a keyring"):
        read_keyring_command("echo hello")


# A running service


class House:
    """A keyring that may be replaced, a count of how often it was read, and a clock."""

    def __init__(self, ring) -> None:
        self.ring, self.reads, self.seconds = ring, 0, 100.0
        self.live = LiveKeyring(self.read, lambda: self.seconds)

    def read(self):
        self.reads += 1
        if isinstance(self.ring, Exception):
            raise self.ring
        return self.ring() if callable(self.ring) else self.ring


@pytest.fixture
def house(ring):
    return House(ring)


def test_the_keyring_is_read_once_while_it_holds_every_key_asked_for(house, ring):
    house.seconds += 3600
    for key_id in [*ring.keys, *ring.keys]:
        assert house.live.holding(key_id) is ring
    assert house.reads == 1


def test_a_bad_keyring_stops_the_start():
    with pytest.raises(Misconfigured, match="not a keyring"):
        House(Misconfigured("not a keyring"))


def test_a_rotation_elsewhere_is_picked_up_when_its_key_is_met(house, ring):
    house.ring = later = rotated(ring)
    house.seconds += 5
    assert house.live.holding(later.active(KeyPurpose.KEK).id) is later
    assert house.live.current is later
    assert house.reads == 2


def test_a_key_that_is_nowhere_is_unknown(house):
    house.seconds += 5
    with pytest.raises(UnknownKey):
        house.live.holding("kek-9")
    assert house.reads == 2


@pytest.mark.parametrize(("seconds", "reads"), [(0, 1), (4.999, 1), (5, 2), (5.001, 2), (3600, 2)])
def test_a_missing_key_makes_it_read_again_at_most_every_five_seconds(house, seconds, reads):
    house.seconds += seconds
    with pytest.raises(UnknownKey):
        house.live.holding("kek-9")
    assert house.reads == reads


def test_the_five_seconds_are_counted_from_the_last_reading(house):
    for seconds, reads in ((5, 2), (4, 2), (1, 3), (4.5, 3), (0.5, 4)):
        house.seconds += seconds
        with pytest.raises(UnknownKey):
            house.live.holding("kek-9")
        assert house.reads == reads


def test_a_bad_keyring_is_not_taken_over_by_a_running_service(house, ring):
    house.ring = Misconfigured("KLUIS_KEYRING_FILE: mode 0644")
    house.seconds += 5
    with pytest.raises(UnknownKey):
        house.live.holding("kek-9")
    assert house.live.current is ring
    assert all(house.live.holding(key_id) is ring for key_id in ring.keys)


def test_a_bad_keyring_is_not_tried_again_at_once(house, ring):
    house.ring = Misconfigured("KLUIS_KEYRING_FILE: mode 0644")
    house.seconds += 5
    for _ in range(3):
        with pytest.raises(UnknownKey):
            house.live.holding("kek-9")
    assert house.reads == 2
    house.ring, house.seconds = rotated(ring), house.seconds + 5
    assert house.live.holding(house.ring.active(KeyPurpose.KEK).id) is house.ring


def test_a_replaced_file_is_read_at_once_and_one_that_is_gone_changes_nothing(ring, tmp_path):
    path = tmp_path / "keyring.json"
    write_keyring_file(path, ring)
    signature = partial(file_signature, path)
    refused = []
    live = LiveKeyring(
        partial(read_keyring_file, path), lambda: 0.0, signature, lambda: refused.append(1)
    )
    assert live.current.keys == ring.keys
    later = rotated(ring)
    write_keyring_file(path, later)
    assert live.current.keys == later.keys
    assert refused == []
    path.unlink()
    assert live.current.keys == later.keys
    assert refused == [1]
    write_keyring_file(path, ring)
    assert live.current.keys == later.keys
    assert refused == [1, 1]


def test_a_source_is_read_once_each_time_it_changes_and_no_more(ring):
    reads, signature = [], ["first"]
    live = LiveKeyring(lambda: reads.append(1) or ring, lambda: 0.0, lambda: signature[-1])
    for changed, expected in ((None, 1), ("second", 2), (None, 2), ("third", 3), (None, 3)):
        signature.extend([changed] if changed else [])
        assert [live.current, live.current] == [ring, ring]
        assert len(reads) == expected


def test_who_misses_a_key_while_it_is_being_read_waits_for_it(ring):
    later, asked = rotated(ring), []
    key_id = later.active(KeyPurpose.KEK).id

    with ThreadPoolExecutor(1) as pool:

        def read():
            asked.append(pool.submit(house.live.holding, key_id))
            assert not wait(asked, timeout=0.2).done
            return later

        house = House(ring)
        house.ring = read
        house.seconds += 5
        assert house.live.holding(key_id) is later
        assert asked[0].result() is later
    assert house.reads == 2

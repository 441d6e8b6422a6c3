"""The keyring: which keys there are, what they open, and how a damaged ring is refused."""

import base64
import copy
import json
import re
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.crypto.documents import DocumentOpener, DocumentSealer
from service.crypto.keyring import (
    Key,
    KeyPurpose,
    Keyring,
    KeyState,
    UnknownKey,
    check_value,
    make_key,
    parse_keyring,
    render_keyring,
)
from service.crypto.keyring_files import LiveKeyring
from service.crypto.seals import KeyWrap, RecordSeal
from service.domain.errors import Misconfigured, Unreadable

APPLICATION = UUID("0193a4b2-7c1d-7e2f-8a3b-4c5d6e7f8091")
PROCEDURE = UUID("0193a4b2-0000-7000-8000-00000000000a")
OTHER_PROCEDURE = UUID("0193a4b2-0000-7000-8000-00000000000b")
HOLD = UUID("0193a4b2-0000-7000-8000-00000000000f")
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SECRETS = [bytes(range(start, start + 32)) for start in (0, 64, 128, 192)]
SOURCE = "KLUIS_KEYRING_FILE"
NO_KEYRING = f"{SOURCE}: this is not a keyring as `kluis init` makes it"


def key(name, purpose="kek", state="active", secret=SECRETS[0]):
    return Key(name, KeyPurpose(purpose), KeyState(state), NOW, secret, check_value(secret))


KEK, INDEX = key("kek-1"), key("index-1", "index", secret=SECRETS[1])
NEW_KEK = key("kek-2", secret=SECRETS[2])
NEW_INDEX = key("index-2", "index", secret=SECRETS[3])
RING = Keyring([KEK, INDEX])


def states(ring):
    return {key.id: key.state.value for key in ring.keys.values()}


def shown_forms(secret):
    """The ways in which a secret could come to be written somewhere."""
    encoded = base64.b64encode(secret).decode()
    return [secret.hex(), secret.hex().upper(), encoded, encoded.rstrip("="), repr(secret)[2:-1]]


def tells(text, secret):
    """Whether a text shows a secret, or a good part of it, in any form."""
    return any(form[at : at + 16] in text for form in shown_forms(secret) for at in (0, 8, 16))


# Making keys


@pytest.mark.parametrize(("purpose", "prefix"), [("kek", "kek"), ("index", "index")])
def test_a_new_key_is_active_random_and_named_after_its_day(purpose, prefix):
    made = make_key(KeyPurpose(purpose), NOW)
    assert re.fullmatch(rf"{prefix}-20261120-[0-9a-f]{{8}}", made.id)
    assert (made.purpose, made.state, made.created_at) == (purpose, "active", NOW)
    assert len(made.secret) == 32
    assert made.check == check_value(made.secret)


def test_keys_made_on_one_day_differ_in_name_and_secret():
    made = [make_key(KeyPurpose.KEK, NOW) for _ in range(50)]
    assert len({key.id for key in made}) == len({key.secret for key in made}) == 50


def test_a_name_tells_nothing_of_its_secret():
    made = make_key(KeyPurpose.KEK, NOW)
    assert made.id[-8:] not in made.secret.hex()


def test_a_check_value_is_the_documented_hmac():
    assert check_value(bytes(range(32, 64))) == "531bdee9b327c255"


@pytest.mark.parametrize(
    ("state", "is_usable"), [("active", True), ("decrypt-only", True), ("destroyed", False)]
)
def test_a_destroyed_key_alone_is_unusable(state, is_usable):
    assert key("kek-1", state=state).is_usable is is_usable


# What a ring holds


@pytest.mark.parametrize(
    ("keys", "purpose"),
    [
        pytest.param([], "kek", id="an empty ring"),
        pytest.param([KEK], "index", id="no index key"),
        pytest.param([INDEX], "kek", id="no KEK"),
        pytest.param([KEK, NEW_KEK, INDEX], "kek", id="two active KEKs"),
        pytest.param([KEK, INDEX, NEW_INDEX], "index", id="two active index keys"),
        pytest.param([key("kek-1", state="decrypt-only"), INDEX], "kek", id="a retired KEK"),
        pytest.param([key("kek-1", state="destroyed"), INDEX], "kek", id="a destroyed KEK"),
        pytest.param(
            [KEK, key("index-1", "index", "decrypt-only")], "index", id="a retired index key"
        ),
    ],
)
def test_a_ring_has_exactly_one_active_key_of_each_purpose(keys, purpose):
    with pytest.raises(Misconfigured) as caught:
        Keyring(keys)
    expected = f"the keyring needs exactly one active key of purpose {purpose}"
    assert str(caught.value) == expected


def test_the_active_keys_are_told():
    assert RING.active(KeyPurpose.KEK) == KEK
    assert RING.active(KeyPurpose.INDEX) == INDEX
    assert RING.index.key_id == "index-1"


def test_a_new_record_opens_from_what_is_stored_of_its_key():
    seal = RING.new_record(APPLICATION)
    kek_id, wrapped = RING.wrap(seal, PROCEDURE)
    blob = seal.seal("name", "Sanne")
    assert kek_id == "kek-1"
    opened = Keyring([KEK, INDEX]).open_record(APPLICATION, PROCEDURE, kek_id, wrapped)
    assert opened.open("name", blob) == "Sanne"
    assert opened.application_id == seal.application_id == APPLICATION


def test_every_record_has_a_key_of_its_own():
    one, other = RING.new_record(APPLICATION), RING.new_record(APPLICATION)
    with pytest.raises(Unreadable):
        other.open("name", one.seal("name", "Sanne"))


def test_a_records_key_moved_to_another_procedure_is_unreadable():
    kek_id, wrapped = RING.wrap(RING.new_record(APPLICATION), PROCEDURE)
    with pytest.raises(Unreadable) as caught:
        RING.open_record(APPLICATION, OTHER_PROCEDURE, kek_id, wrapped)
    assert not isinstance(caught.value, UnknownKey)


@pytest.mark.parametrize("kek_id", ["kek-9", "", "index-1"])
def test_a_key_that_is_not_in_the_ring_is_unknown(kek_id):
    _, wrapped = RING.wrap(RING.new_record(APPLICATION), PROCEDURE)
    with pytest.raises(UnknownKey):
        RING.open_record(APPLICATION, PROCEDURE, kek_id, wrapped)
    with pytest.raises(UnknownKey):
        RING.loose_seal(kek_id, HOLD)


def test_an_unknown_key_is_one_more_way_of_being_unreadable():
    assert issubclass(UnknownKey, Unreadable)


# Seals of what belongs to no application


@given(st.uuids(), st.text(max_size=20))
def test_a_loose_seal_opens_with_the_key_and_the_id_alone(thing_id, value):
    blob = RING.loose_seal("kek-1", thing_id).seal("case_reference", value)
    again = Keyring([KEK, INDEX]).loose_seal("kek-1", thing_id)
    assert again.open("case_reference", blob) == value
    assert again.application_id == thing_id


def test_a_loose_seal_of_another_thing_or_key_is_unreadable():
    ring = RING.with_key(NEW_KEK)
    blob = ring.loose_seal("kek-1", HOLD).seal("case_reference", "Zaak 17")
    for other in (ring.loose_seal("kek-1", PROCEDURE), ring.loose_seal("kek-2", HOLD)):
        with pytest.raises(Unreadable):
            other.open("case_reference", blob)


def test_a_loose_seal_is_not_under_the_kek_itself():
    blob = RING.loose_seal("kek-1", HOLD).seal("case_reference", "Zaak 17")
    with pytest.raises(Unreadable):
        RecordSeal(HOLD, KEK.secret).open("case_reference", blob)


# Rotation and destruction


def test_a_new_key_takes_over_and_the_former_one_only_opens():
    seal = RING.new_record(APPLICATION)
    stored = RING.wrap(seal, PROCEDURE)
    blob = seal.seal("name", "Sanne")
    ring = RING.with_key(NEW_KEK)
    assert states(ring) == {"kek-1": "decrypt-only", "index-1": "active", "kek-2": "active"}
    assert ring.wrap(seal, PROCEDURE)[0] == "kek-2"
    assert ring.open_record(APPLICATION, PROCEDURE, *stored).open("name", blob) == "Sanne"


def test_rotation_leaves_the_ring_it_began_with_as_it_was():
    RING.with_key(NEW_KEK)
    assert states(RING) == {"kek-1": "active", "index-1": "active"}


def test_a_new_index_key_leaves_the_kek_alone():
    ring = RING.with_key(NEW_INDEX)
    assert states(ring) == {"kek-1": "active", "index-1": "decrypt-only", "index-2": "active"}
    assert ring.index.key_id == "index-2"


def test_the_index_keys_before_the_active_one_still_find_what_they_made():
    ring = RING.with_key(NEW_INDEX)
    (earlier,) = ring.other_indexes
    assert (earlier.key_id, ring.index.key_id) == (RING.index.key_id, NEW_INDEX.id)
    assert earlier.digest("answer", b"x") == RING.index.digest("answer", b"x")
    assert RING.other_indexes == RING.with_key(NEW_KEK).other_indexes == []
    assert ring.without_secret(earlier.key_id).other_indexes == []


@pytest.mark.parametrize("state", ["decrypt-only", "destroyed"])
def test_a_key_that_comes_in_retired_retires_no_other(state):
    ring = RING.with_key(replace(NEW_KEK, state=KeyState(state)))
    assert states(ring) == {"kek-1": "active", "index-1": "active", "kek-2": state}


def test_a_second_rotation_leaves_earlier_keys_as_they_are():
    ring = RING.with_key(NEW_KEK).without_secret("kek-1").with_key(key("kek-3", secret=SECRETS[3]))
    assert states(ring) == {
        "kek-1": "destroyed",
        "index-1": "active",
        "kek-2": "decrypt-only",
        "kek-3": "active",
    }


def test_rotation_changes_nothing_of_a_key_but_its_state():
    kept = RING.with_key(NEW_KEK).keys["kek-1"]
    assert kept == replace(KEK, state=KeyState.DECRYPT_ONLY)
    assert kept.secret == KEK.secret


def test_a_destroyed_key_keeps_its_entry_and_loses_its_secret():
    stored = RING.wrap(RING.new_record(APPLICATION), PROCEDURE)
    ring = RING.with_key(NEW_KEK).without_secret("kek-1")
    assert states(ring) == {"kek-1": "destroyed", "index-1": "active", "kek-2": "active"}
    assert ring.keys["kek-1"].secret == b""
    assert ring.keys["kek-1"].check == KEK.check
    with pytest.raises(UnknownKey):
        ring.open_record(APPLICATION, PROCEDURE, *stored)
    with pytest.raises(UnknownKey):
        ring.loose_seal("kek-1", HOLD)


@pytest.mark.parametrize("key_id", ["kek-1", "index-1"])
def test_an_active_key_is_not_destroyed(key_id):
    with pytest.raises(Misconfigured, match="exactly one active key"):
        RING.without_secret(key_id)


def test_a_key_that_is_not_there_is_not_destroyed():
    with pytest.raises(KeyError):
        RING.without_secret("kek-9")


def test_a_destroyed_secret_is_not_in_the_file():
    ring = RING.with_key(NEW_KEK).without_secret("kek-1")
    assert not tells(render_keyring(ring).decode(), KEK.secret)
    assert states(parse_keyring(render_keyring(ring), SOURCE)) == states(ring)


# Reading and writing


@given(st.lists(st.sampled_from(["kek", "index"]), max_size=5))
def test_a_ring_is_read_as_it_was_written(rotations):
    ring = RING
    for purpose in rotations:
        ring = ring.with_key(make_key(KeyPurpose(purpose), NOW))
    assert parse_keyring(render_keyring(ring), SOURCE).keys == ring.keys


def test_a_written_ring_ends_its_last_line_and_names_its_version():
    written = render_keyring(RING)
    assert written.endswith(b"}\n")
    assert json.loads(written)["version"] == 1


CONTENT = json.loads(render_keyring(RING))


def edited(**changes: object):
    """The ring's JSON with members of its first key changed, or taken out where None."""
    content = copy.deepcopy(CONTENT)
    for name, value in changes.items():
        content["keys"][0][name] = value
        if value is None:
            del content["keys"][0][name]
    return json.dumps(content).encode()


def with_content(**changes: object):
    return json.dumps({**CONTENT, **changes}).encode()


def swapped():
    content = copy.deepcopy(CONTENT)
    one, other = content["keys"]
    one["secret"], other["secret"] = other["secret"], one["secret"]
    return json.dumps(content).encode()


ENCODED = base64.b64encode(KEK.secret).decode()
BAD_ID = f"{SOURCE}: a key id is not made of a-z, 0-9 and hyphens"
NOT_32 = f"{SOURCE}: the secret of key kek-1 is not 32 bytes"
NO_MATCH = f"{SOURCE}: the secret of key kek-1 does not match its check value"
UNKNOWN_VERSION = f"{SOURCE}: this keyring version is not known"
TWICE = f"{SOURCE}: two keys have the same id"
NO_KEK = f"{SOURCE}: the keyring needs exactly one active key of purpose kek"
NO_INDEX = f"{SOURCE}: the keyring needs exactly one active key of purpose index"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(b"", NO_KEYRING, id="empty"),
        pytest.param(b"{", NO_KEYRING, id="cut short"),
        pytest.param(render_keyring(RING)[:-9], NO_KEYRING, id="cut short at the end"),
        pytest.param(b"\xff\xfe" + render_keyring(RING), NO_KEYRING, id="no UTF-8"),
        pytest.param(ENCODED.encode(), NO_KEYRING, id="a bare secret"),
        pytest.param(b"null", NO_KEYRING, id="null"),
        pytest.param(b"[]", NO_KEYRING, id="a list"),
        pytest.param(b'"text"', NO_KEYRING, id="a text"),
        pytest.param(b"{}", NO_KEYRING, id="an empty object"),
        pytest.param(b'{"version": 1}', NO_KEYRING, id="no keys"),
        pytest.param(with_content(keys=None), NO_KEYRING, id="keys null"),
        pytest.param(with_content(keys=[[]]), NO_KEYRING, id="a key that is a list"),
        pytest.param(with_content(keys=[ENCODED]), NO_KEYRING, id="a key that is a text"),
        pytest.param(with_content(version=2), UNKNOWN_VERSION, id="a later version"),
        pytest.param(with_content(version=None), UNKNOWN_VERSION, id="version null"),
        pytest.param(with_content(version="1"), UNKNOWN_VERSION, id="version as a text"),
        pytest.param(with_content(keys=[]), NO_KEK, id="no key at all"),
        pytest.param(with_content(keys=CONTENT["keys"][:1]), NO_INDEX, id="no index key"),
        pytest.param(with_content(keys=CONTENT["keys"][1:]), NO_KEK, id="no KEK"),
        pytest.param(with_content(keys=CONTENT["keys"] * 2), TWICE, id="every key twice"),
        pytest.param(edited(id="index-1"), TWICE, id="one id for two"),
        pytest.param(edited(id=None), NO_KEYRING, id="no id"),
        pytest.param(edited(id=7), NO_KEYRING, id="an id that is a number"),
        pytest.param(edited(id=""), BAD_ID, id="an empty id"),
        pytest.param(edited(id="Kek-1"), BAD_ID, id="an id with a capital"),
        pytest.param(edited(id="kek 1"), BAD_ID, id="an id with a space"),
        pytest.param(edited(id="kek-1\n"), BAD_ID, id="an id with a line break"),
        pytest.param(edited(id="k\u00e9k"), BAD_ID, id="an id with an accent"),
        pytest.param(edited(id="k" * 41), BAD_ID, id="too long an id"),
        pytest.param(edited(id=ENCODED), BAD_ID, id="the secret as id"),
        pytest.param(b"[" * 100_000, NO_KEYRING, id="nested without end"),
        pytest.param(b'{"version": ' * 100_000, NO_KEYRING, id="objects nested without end"),
        pytest.param(edited(purpose=None), NO_KEYRING, id="no purpose"),
        pytest.param(edited(purpose="signing"), NO_KEYRING, id="an unknown purpose"),
        pytest.param(edited(purpose=ENCODED), NO_KEYRING, id="the secret as purpose"),
        pytest.param(edited(state=None), NO_KEYRING, id="no state"),
        pytest.param(edited(state="asleep"), NO_KEYRING, id="an unknown state"),
        pytest.param(edited(state=ENCODED), NO_KEYRING, id="the secret as state"),
        pytest.param(edited(state="decrypt-only"), NO_KEK, id="no active KEK"),
        pytest.param(edited(created_at=None), NO_KEYRING, id="no date"),
        pytest.param(edited(created_at="gisteren"), NO_KEYRING, id="no such date"),
        pytest.param(edited(created_at=ENCODED), NO_KEYRING, id="the secret as date"),
        pytest.param(edited(secret=None), NOT_32, id="no secret"),
        pytest.param(edited(secret=""), NOT_32, id="an empty secret"),
        pytest.param(edited(secret=7), NO_KEYRING, id="a secret that is a number"),
        pytest.param(edited(secret=ENCODED[:-1]), NO_KEYRING, id="base64 cut short"),
        pytest.param(edited(secret=ENCODED + "\n"), NO_KEYRING, id="base64 with a line break"),
        pytest.param(edited(secret="\u00e9" + ENCODED), NO_KEYRING, id="base64 with an accent"),
        pytest.param(
            edited(secret=base64.b64encode(KEK.secret[:31]).decode()), NOT_32, id="31 bytes"
        ),
        pytest.param(
            edited(secret=base64.b64encode(KEK.secret + b"!").decode()), NOT_32, id="33 bytes"
        ),
        pytest.param(
            edited(secret=base64.b64encode(SECRETS[2]).decode()), NO_MATCH, id="another secret"
        ),
        pytest.param(swapped(), NO_MATCH, id="two secrets swapped"),
        pytest.param(edited(check=None), NO_KEYRING, id="no check value"),
        pytest.param(edited(check=7), NO_KEYRING, id="a check value that is a number"),
        pytest.param(edited(check=""), NO_MATCH, id="an empty check value"),
        pytest.param(edited(check=KEK.check[:-1]), NO_MATCH, id="a check value cut short"),
        pytest.param(edited(check=KEK.check.upper()), NO_MATCH, id="a check value in capitals"),
        pytest.param(edited(check="\u00e9"), NO_KEYRING, id="a check value with an accent"),
    ],
)
def test_a_damaged_ring_is_refused_by_source_and_reason_and_shows_no_secret(text, message):
    with pytest.raises(Misconfigured) as caught:
        parse_keyring(text, SOURCE)
    assert str(caught.value) == message
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not any(tells(told, secret) for secret in SECRETS)


@pytest.mark.parametrize("key_id", ["k", "0", "-", "k" * 40, "kek-20261120-0a1b2c3d"])
def test_a_name_of_1_to_40_small_letters_digits_and_hyphens_is_read(key_id):
    assert parse_keyring(edited(id=key_id), SOURCE).active(KeyPurpose.KEK).id == key_id


def test_a_destroyed_entry_needs_no_secret_and_its_check_is_not_tried():
    gone = {**CONTENT["keys"][0], "id": "kek-0", "state": "destroyed", "check": "-"}
    del gone["secret"]
    ring = parse_keyring(with_content(keys=[gone, *CONTENT["keys"]]), SOURCE)
    assert states(ring) == {"kek-0": "destroyed", "kek-1": "active", "index-1": "active"}
    assert not ring.keys["kek-0"].secret


@given(st.data())
def test_no_changed_character_of_a_secret_gets_past_its_check_value(data):
    place = data.draw(st.integers(0, len(ENCODED) - 1))
    other = data.draw(st.sampled_from("ABCxyz019+/=").filter(lambda c: c != ENCODED[place]))
    changed = ENCODED[:place] + other + ENCODED[place + 1 :]
    try:
        ring = parse_keyring(edited(secret=changed), SOURCE)
    except Misconfigured:
        return
    assert ring.keys["kek-1"].secret == KEK.secret


# Secrets stay out of what is printed


SEALER = DocumentSealer()


@pytest.mark.parametrize(
    ("thing", "secrets"),
    [
        pytest.param(KEK, [KEK.secret], id="Key"),
        pytest.param([KEK, INDEX], [KEK.secret, INDEX.secret], id="a list of keys"),
        pytest.param(RING, [KEK.secret, INDEX.secret], id="Keyring"),
        pytest.param(RING.keys, [KEK.secret, INDEX.secret], id="its keys"),
        pytest.param(RING.index, [INDEX.secret], id="IndexKey"),
        pytest.param(LiveKeyring(lambda: RING, lambda: 0.0), [KEK.secret], id="LiveKeyring"),
        pytest.param(RecordSeal(APPLICATION, SECRETS[2]), [SECRETS[2]], id="RecordSeal"),
        pytest.param(KeyWrap("kek-1", SECRETS[2]), [SECRETS[2]], id="KeyWrap"),
        pytest.param(SEALER, [SEALER.key], id="DocumentSealer"),
        pytest.param(DocumentOpener(SECRETS[2]), [SECRETS[2]], id="DocumentOpener"),
    ],
)
def test_nothing_that_holds_a_key_shows_it(thing, secrets):
    for told in (repr(thing), str(thing), f"{thing}", ascii(thing)):
        assert not any(tells(told, secret) for secret in secrets)


@pytest.mark.parametrize("form", range(5))
def test_the_look_for_secrets_would_find_one(form):
    assert tells(f"<Key {shown_forms(SECRETS[0])[form]}>", SECRETS[0])
    assert not tells(repr(KEK), SECRETS[0])

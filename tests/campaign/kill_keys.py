"""Rotation and rewrap, killed: whatever was reached, every record opens, and the next ends it."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select

from service.crypto.keyring import KeyPurpose
from service.crypto.keyring_files import read_keyring_file
from service.storage.tables import Hold, KeyringKey, RecordKey
from tests.campaign.evidence import demand_sound, looking
from tests.campaign.installation import FIRST_DAY, Installation, Service, demand, kill_group, pause
from tests.campaign.moments import Aim, Tally, kill_command, time_command
from tests.campaign.sent import Applicants, Sent, add_wording, open_procedure

IN_A_ROW = 4
PAGE = 100
MOST_PAUSE = 0.004


def kill_keys(
    installation: Installation, kills: int, records: int, rng: random.Random
) -> tuple[Tally, Tally]:
    """Kill rotations between database and keyring, and rewraps anywhere; then let one finish."""
    rewraps, rotations = Tally("rewrap"), Tally("rotation")
    with installation.serving() as service:
        people = _people(service, records, rng)
        installation.run("keys", "rotate")
        aim = Aim(time_command(installation, "keys", "rewrap") / 2)
        while rewraps.kills < kills:
            if rotations.kills * 2 <= rewraps.kills:
                people.append(_kill_rotation(installation, service, rotations, rng))
            installation.run("keys", "rotate")
            for _ in range(min(IN_A_ROW, kills - rewraps.kills)):
                done = _kill_rewrap(installation, aim, rewraps, rng)
                _demand_all_open(service, len(people))
                if done:
                    break
            installation.run("keys", "rewrap")
            demand(_under_the_newest_key(installation) == len(people), "the next did not finish")
            _demand_all_open(service, len(people))
        for one in rng.sample(people, min(len(people), 25)):
            one.demand_whole(service, "recruiter")
    return rewraps, rotations


def _people(service: Service, records: int, rng: random.Random) -> list[Sent]:
    """Records with and without documents, in a procedure that is held, which a key seals too."""
    applicants = Applicants(rng)
    add_wording(service)
    procedure = open_procedure(service, "V-1", FIRST_DAY + timedelta(days=90))
    until = str(FIRST_DAY + timedelta(days=60))
    order = {"reason": "legal-claim", "case_reference": "C-1", "until": until}
    service.done("POST", f"/procedures/{procedure}/holds", "officer", json=order)
    people = [applicants.full("V-1") for _ in range(min(records, 10))]
    people += [applicants.small("V-1") for _ in range(records - len(people))]
    service.token("website")
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda one: one.apply(service), people))


def _kill_rewrap(installation: Installation, aim: Aim, tally: Tally, rng: random.Random) -> bool:
    """Kill it anywhere; whether it had done everything."""
    before = _under_the_newest_key(installation)
    kill_command(installation, "keys", "rewrap", aim=aim, rng=rng)
    after, all_of_them = _under_the_newest_key(installation), _count(installation, RecordKey)
    demand(after >= before, "a rewrap went backwards")
    state = "all" if after == all_of_them else "some" if after > before else "none"
    aim.learn(state)
    tally.note(f"{state} rewrapped")
    demand_sound(installation)
    return after == all_of_them


def _kill_rotation(
    installation: Installation, service: Service, tally: Tally, rng: random.Random
) -> Sent:
    """Kill it as soon as the database knows the new key; a new service takes in and reads."""
    keyring = installation.keyring
    known, before = _count(installation, KeyringKey), keyring.stat().st_ino
    process = installation.start("keys", "rotate")
    while process.poll() is None and _count(installation, KeyringKey) == known:
        pause(0.0002)
    pause(rng.choice((0, rng.uniform(0, MOST_PAUSE))))
    kill_group(process)
    replaced = keyring.stat().st_ino != before
    registered = _count(installation, KeyringKey) > known
    demand(registered or not replaced, "a key is in use that the database does not know")
    tally.note("complete" if replaced else "known, not in the keyring" if registered else "nothing")
    service.kill()
    service.start()
    sent = Applicants(rng).full("V-1").apply(service)
    sent.demand_whole(service, "recruiter")
    return sent


def _demand_all_open(service: Service, count: int) -> None:
    """Every record opens for the recruiter, and the hold's reference for the officer."""
    (procedure,) = service.done("GET", "/procedures", "recruiter", params={"reference": "V-1"})[
        "items"
    ]
    path, cursor, seen = f"/procedures/{procedure['id']}/applications", None, 0
    while True:
        params = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
        page = service.done("GET", path, "recruiter", params=params)
        for item in page["items"]:
            demand(not item["unreadable"], f"{item['id']} does not open: {item['unreadable']}")
            demand(item["fields"].get("name"), f"{item['id']} has no name")
        seen += len(page["items"])
        cursor = page["next"]
        if cursor is None:
            break
    demand(seen == count, f"{seen} of {count} records are read")
    with looking(service.installation) as connection:
        (hold,) = connection.scalars(select(Hold.id))
    reference = service.done("GET", f"/holds/{hold}", "officer")["case_reference"]
    demand(reference == "C-1", "the hold's case reference does not open")


def _under_the_newest_key(installation: Installation) -> int:
    """How many records are wrapped under the key that the keyring names as active."""

    active = read_keyring_file(installation.keyring).active(KeyPurpose.KEK).id
    with looking(installation) as connection:
        query = select(func.count()).select_from(RecordKey).where(RecordKey.kek_id == active)
        return connection.scalar(query) or 0


def _count(installation: Installation, table: type[KeyringKey | RecordKey]) -> int:
    with looking(installation) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0

"""What the bench measures on: it must not drift with the catalogue, nor from its twin."""

import orjson

from bench.records import BYTES, FIELDS, dataset, plain, samples
from bench.twins import ordinary


def test_a_record_has_twenty_fields_and_four_kilobytes():
    for values in samples():
        assert len(values) == FIELDS
        assert sum(len(orjson.dumps(value)) for value in values.values()) == BYTES


def test_the_twin_keeps_and_gives_the_same_values():
    data = dataset(100)
    row = ordinary.Record(**plain(data, 7))
    given = ordinary.Candidate().dump(row)
    assert {name: given[name] for name in samples()[7]} == samples()[7]

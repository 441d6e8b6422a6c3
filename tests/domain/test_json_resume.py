"""JSON Resume, in and out: nothing that our fields hold is lost, and no text of anybody's."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.catalogue import CATALOGUE, FIELDS, Export
from service.domain.errors import Fault, Invalid
from service.domain.json_resume import to_fields, to_resume
from service.domain.json_resume_places import SCHEMA, fits
from tests.resumes import OFFICIAL, VALIDATOR, Json, foreign_resumes, own_fields, texts

TESTS = Path(__file__).parents[1]
SHARED = TESTS.parents[1] / "shared/data/jsonresume"
SECRET = "Zwartkopmees-Qv7"
OWN = json.loads((TESTS / "demo/resume.json").read_text())


def lost(resume: Json) -> list[str]:
    """The texts of a resume, but for the photo's, that are in no field."""
    kept = list(texts(to_fields(resume)))
    basics = {name: value for name, value in resume["basics"].items() if name != "image"}
    said = [text for text in texts({**resume, "basics": basics}) if text != SCHEMA]
    return [text for text in said if not any(text in one for one in kept)]


def faults(resume: Json) -> list[Fault]:
    with pytest.raises(Invalid) as refused:
        to_fields(resume)
    return list(refused.value.faults)


def official_file() -> Json:
    path = SHARED / "schema.json"
    if not path.exists():
        pytest.skip("the official schema is not at hand")
    return json.loads(path.read_text())


def rules(schema: Json, definitions: Json) -> Json:
    """A schema without its words, its references followed, and without what changes nothing."""
    if "$ref" in schema:
        return rules(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    kept = {name: schema[name] for name in ("type", "format", "pattern") if name in schema}
    if "items" in schema:
        kept["items"] = rules(schema["items"], definitions)
    if "properties" in schema:
        members = schema["properties"].items()
        kept["properties"] = {name: rules(below, definitions) for name, below in members}
    assert schema.get("additionalProperties", True)
    assert not schema.keys() & {"required", "enum", "const", "allOf", "anyOf", "oneOf", "not"}
    return kept


def test_the_schema_in_our_words_is_the_official_one():
    official = official_file()
    assert rules(official, official["definitions"]) == OFFICIAL


@given(fields=own_fields)
def test_out_and_in_again_loses_nothing_that_our_fields_hold(fields):
    assert to_fields(json.loads(json.dumps(to_resume(fields)))) == fields


@given(fields=own_fields)
def test_what_goes_out_keeps_the_official_schema_and_its_formats(fields):
    VALIDATOR.validate(to_resume(fields))


@pytest.mark.parametrize("field", CATALOGUE, ids=lambda field: field.name)
def test_what_leaves_is_what_is_portable_once(field):
    if field.export is Export.PORTABLE:
        told = list(texts(to_resume({field.name: field.example})))
        assert sorted(told) == sorted([SCHEMA, *texts(field.example)])
    else:
        assert to_resume({field.name: field.example}) == {"$schema": SCHEMA}


EVERYTHING = {field.name: field.example for field in CATALOGUE}


def test_each_value_stands_where_the_format_has_a_place_for_it():
    assert to_resume(EVERYTHING) == {
        "$schema": SCHEMA,
        "basics": {
            "name": "Sanne de Vries",
            "email": "sanne.de.vries@example.org",
            "phone": "+31 6 12345678",
            "summary": "Vrijwilliger bij de plaatselijke codeclub.",
            "location": {
                "address": "Brink 1",
                "postalCode": "9401 HS",
                "city": "Assen",
                "countryCode": "NL",
            },
            "profiles": [{"network": "Signal", "username": "sanne.42"}],
        },
        "work": [
            {"name": "Voorbeeld B.V.", "position": "Ontwikkelaar", "startDate": "2016-10-01"},
            {"name": "Gemeente Assen", "position": "Stagiair", "startDate": "2015"},
        ],
        "education": [
            {"institution": "Hanze", "area": "HBO-ICT", "startDate": "2012-09", "endDate": "2016"},
            {"institution": "Voorbeeld Academie", "area": "Scrum Master", "endDate": "2021-05"},
        ],
        "certificates": [{"name": "VCA Basis", "date": "2023-03"}],
        "meta": {
            "kluis": {
                "birth_date": "1994-02-28",
                "age": 32,
                "gender": "female",
                "nationality": "Nederlandse",
                "work_permit": {"kind": "not-needed"},
                "internships": [{}],
                "trainings": [{}],
                "certificates": [{"number": "123456789"}],
                "availability": FIELDS["availability"].example,
                "motivation": FIELDS["motivation"].example,
                "assessments": FIELDS["assessments"].example,
            }
        },
    }


@pytest.mark.parametrize(
    ("website", "stands"),
    [
        ("https://example.org", True),
        ("HTTP://example.org:80/a/b?c=d/e&f=%20#g", True),
        ("mailto:sanne@example.org", True),
        ("urn:isbn:9789012345678", True),
        ("file:/tmp/cv", True),
        ("example.org", False),
        ("https:", False),
        ("https://", False),
        ("//example.org", False),
        ("1st:example", False),
        ("https://example.org/a b", False),
        ("https://example.org/%", False),
        ("https://example.org:port", False),
        ("https://example.org:123456", False),
        ("https://example.org/é", False),
        ("https://example.org/#a#b", False),
        ("https://[::1]/", False),
        ("https://sanne@example.org/", False),
        ("https://example.org\n", False),
    ],
)
def test_a_website_stands_in_its_section_if_it_is_a_uri(website, stands):
    resume = to_resume({"work_experience": [{"website": website}]})
    kept = {"meta": {"kluis": {"work_experience": [{"website": website}]}}}
    assert resume["work"] == ([{"url": website}] if stands else [{}])
    assert {name: resume[name] for name in resume.keys() & {"meta"}} == ({} if stands else kept)


@pytest.mark.parametrize(
    ("email", "stands"),
    [
        ("sanne@example.org", True),
        ("o'brien+werk@mail.example.org", True),
        (f"{'l' * 64}@{'d' * 63}.org", True),
        (f"{'l' * 65}@example.org", False),
        (f"sanne@{'d' * 64}.org", False),
        ("sanne@-example.org", False),
        ("sanne@example-.org", False),
        ("sanne..vries@example.org", False),
        (".sanne@example.org", False),
        ("sanne@localhost", False),
        ("jörg@example.org", False),
        ("sanne@exämple.org", False),
        ("sanne de vries@example.org", False),
    ],
)
def test_an_email_address_stands_in_basics_if_it_is_one_of_ascii(email, stands):
    resume = to_resume({"email": email})
    assert resume.get("basics") == ({"email": email} if stands else None)
    assert resume.get("meta") == (None if stands else {"kluis": {"email": email}})


@pytest.mark.parametrize(
    ("day", "stands"),
    [
        ("1000", True),
        ("2999-12-31", True),
        ("0999", False),
        ("3000-01", False),
        ("0001-01-01", False),
    ],
)
def test_a_date_stands_in_its_section_from_the_year_1000_to_2999(day, stands):
    resume = to_resume({"education": [{"started": day}]})
    assert resume["education"] == ([{"startDate": day}] if stands else [{}])
    assert to_fields(resume) == {"education": [{"started": day}]}


@pytest.mark.parametrize(
    ("country", "stands"), [("NL", True), ("nl", False), ("Nederland", False), ("NLD", False)]
)
def test_a_country_stands_in_the_location_as_its_two_letters(country, stands):
    resume = to_resume({"address": {"country": country}})
    kept = {"meta": {"kluis": {"address": {"country": country}}}}
    placed = {"basics": {"location": {"countryCode": country}}}
    assert resume == {"$schema": SCHEMA, **(placed if stands else kept)}


@pytest.mark.parametrize(
    ("ways", "basics"),
    [
        (
            [{"kind": "Website", "value": "https://a.example"}, {"kind": "Signal"}],
            {"url": "https://a.example", "profiles": [{"network": "Signal"}]},
        ),
        (
            [{"kind": "Blog", "value": "https://a.example"}],
            {"profiles": [{"network": "Blog", "url": "https://a.example"}]},
        ),
        ([{"kind": "Website"}], {"profiles": [{"network": "Website"}]}),
        (
            [{"kind": "Website", "value": "a.example"}],
            {"profiles": [{"network": "Website", "username": "a.example"}]},
        ),
        (
            [{"kind": "Signal"}, {"kind": "Website", "value": "x:y"}],
            {"profiles": [{"network": "Signal"}, {"network": "Website", "url": "x:y"}]},
        ),
        ([{"kind": "Website", "value": "https://a.example"}], {"url": "https://a.example"}),
    ],
)
def test_a_website_that_comes_first_is_the_url_and_other_ways_are_profiles(ways, basics):
    assert to_resume({"other_contact": ways})["basics"] == basics
    assert to_fields(to_resume({"other_contact": ways})) == {"other_contact": ways}


@given(resume=foreign_resumes)
def test_no_text_of_any_resume_is_lost_but_the_photo(resume):
    assert lost({"basics": {}, **resume}) == []


@given(resume=foreign_resumes)
def test_the_photo_is_nowhere(resume):
    basics = {**resume.get("basics", {}), "image": SECRET, "picture": SECRET}
    assert SECRET not in str(to_fields({**resume, "basics": basics}))


@given(resume=foreign_resumes)
def test_what_the_fields_hold_of_any_resume_goes_out_and_in_again(resume):
    fields = {name: value for name, value in to_fields(resume).items() if name != "references"}
    assert to_fields(to_resume(fields)) == fields


def test_what_has_a_place_of_its_own_goes_there():
    fields = to_fields(OWN)
    assert lost(OWN) == []
    assert fields["name"] == "Maartje Hoekstra"
    assert fields["address"] == {
        "postal_code": "9901 AB",
        "city": "Appingedam",
        "region": "Groningen",
        "country": "NL",
    }
    assert fields["other_contact"] == [
        {"kind": "Website", "value": "https://maartje.example.org"},
        {"kind": "Mastodon", "value": "https://social.example.org/@maartje, maartje"},
        {"value": "zonder-netwerk"},
    ]
    assert fields["certificates"] == [
        {"title": "VCA VOL", "issuer": "Examenbureau", "issued": "2021-03"}
    ]
    assert fields["references"] == [
        {"name": "Jelle Postma", "statement": "Maartje meet twee keer."}
    ]
    assert fields["work_experience"] == [
        {
            "organisation": "Polder en Peil B.V.",
            "position": "Landmeter",
            "place": "Delfzijl",
            "website": "https://polder.example.org",
            "started": "2011",
            "ended": "2019-06",
            "description": "Waterpassing en profielen.\n"
            "Description: Landmeetkundig bureau\n"
            "Highlights:\n"
            "- Het kanaal opnieuw ingemeten\n"
            "- Twee leerlingen opgeleid\n"
            "Contract type: vast",
        },
        {
            "organisation": "Zelfstandig",
            "position": "Adviseur",
            "description": "Start date: sinds de zomer",
        },
    ]
    assert fields["education"] == [
        {
            "institution": "Technische School Noord",
            "programme": "Geodesie",
            "level": "Bachelor",
            "started": "2005-09-01",
            "ended": "2009-07-01",
            "result": "7,8",
            "description": "Courses:\n- Vereffening\n- Kaartprojecties",
        }
    ]


def test_what_has_no_field_of_its_own_is_told_in_other_behind_the_summary():
    assert to_fields(OWN)["other"].split("\n\n") == [
        "Meet al vijftien jaar wat anderen schatten.\nEn schrijft het op.",
        "Basics\nLabel: Landmeter\nLocation: Address: Dijkweg 12\nAchterhuis",
        "Volunteer\n- Organization: Dorpshuis; Position: Penningmeester; Start date: 2015",
        "Awards\n- Title: Gouden Baak; Date: 2018-11-01; Awarder: Vakblad; Summary: !",
        "Certificates\n- Name: VCA VOL; Url: https://vca.example.org",
        "Publications\n- Name: Zakkende dijken; Publisher: Vakblad; Release date: 2017",
        "Skills\n- Name: GNSS; Level: Expert; Keywords: RTK, PPP",
        "Languages\n- Language: Gronings; Fluency: Moedertaal",
        "Interests\n- Name: Wadlopen; Keywords: Getijden",
        "Projects\n- Name: Peilschaal; Highlights: Open data; Roles: Bouwer; Entity: Waterschap",
        "Meta\nVersion: v1.0.0\nLast modified: 2025-12-24T15:53:00",
    ]


def test_no_text_of_the_official_sample_is_lost():
    path = SHARED / "sample.resume.json"
    if not path.exists():
        pytest.skip("the official sample is not at hand")
    assert lost(json.loads(path.read_text())) == []


@pytest.mark.parametrize(
    "resume",
    [
        {},
        {"$schema": SCHEMA, "basics": {}, "work": [], "meta": {"kluis": {}}},
        {"$schema": None, "basics": None, "work": None, "meta": None},
        {"basics": {"name": None, "url": " ", "location": None, "profiles": None}},
        {"basics": {"name": "", "image": "x"}, "work": [None, {}, {"name": "\u200b"}]},
        {"meta": {"kluis": None}, "skills": [{"keywords": ["", None]}], "eigen": {"a": []}},
        {"work": [{}], "meta": {"kluis": {"work_experience": [None], "internships": None}}},
    ],
)
def test_what_says_nothing_fills_nothing(resume):
    assert to_fields(resume) == {}


def test_another_address_of_the_schema_is_told():
    assert to_fields({"$schema": "https://x.example"}) == {"other": "$schema\nhttps://x.example"}


def test_more_entries_than_fit_are_told():
    work = [{"name": f"Werkgever {number}"} for number in range(52)]
    fields = to_fields({"work": work})
    assert [job["organisation"] for job in fields["work_experience"]] == [
        f"Werkgever {number}" for number in range(50)
    ]
    assert fields["other"] == "Work\n- Name: Werkgever 50\n- Name: Werkgever 51"


def test_what_does_not_fit_in_a_description_is_told_with_the_name_it_belongs_to():
    summary, long = "s" * 4_999, "h" * 5_001
    fields = to_fields(
        {
            "work": [{"name": "A", "summary": long}, {"name": "B", "summary": summary, "x": "y"}],
            "education": [{"institution": "C", "courses": ["c" * 2_001]}],
        }
    )
    assert fields["work_experience"] == [
        {"organisation": "A"},
        {"organisation": "B", "description": summary},
    ]
    assert fields["education"] == [{"institution": "C"}]
    assert fields["other"] == (
        f"Work\n- Name: A; Summary: {long}\n- Name: B; X: y"
        f"\n\nEducation\n- Institution: C; Courses: {'c' * 2_001}"
    )


def test_what_is_left_of_two_lists_in_one_section_is_told_in_its_order():
    schools = [{"institution": name, "courses": [name * 2_001]} for name in "AB"]
    told = "Education\n" + "\n".join(
        f"- Institution: {name}; Courses: {name * 2_001}" for name in "AB"
    )
    fields = to_fields({"education": schools, "meta": {"kluis": {"trainings": [{}]}}})
    assert fields == {
        "education": [{"institution": "A"}],
        "trainings": [{"provider": "B"}],
        "other": told,
    }


@pytest.mark.parametrize(("over", "has_place"), [(0, True), (1, False)])
def test_a_description_holds_as_much_as_it_may(over, has_place):
    summary = "s" * (5_000 - len("\nX: y") + over)
    (job,) = to_fields({"work": [{"summary": summary, "x": "y"}]})["work_experience"]
    assert job == {"description": f"{summary}\nX: y" if has_place else summary}


def test_what_is_told_of_an_entry_stands_behind_the_description_that_it_has():
    kluis = {"education": [{"description": "Cum laude."}]}
    fields = to_fields({"education": [{"courses": ["Wiskunde"]}], "meta": {"kluis": kluis}})
    assert fields == {"education": [{"description": "Cum laude.\nCourses:\n- Wiskunde"}]}


def test_it_is_told_elsewhere_if_that_description_is_none():
    kluis = {"education": [{"description": 5}]}
    fields = to_fields({"education": [{"courses": ["Wiskunde"]}], "meta": {"kluis": kluis}})
    assert fields == {"education": [{"description": 5}], "other": "Education\n- Courses: Wiskunde"}


@pytest.mark.parametrize(("length", "fits_in"), [(20_000, True), (20_001, False)])
def test_other_holds_as_much_as_it_may_and_what_is_more_is_refused(length, fits_in):
    resume = {"eigen": "x" * (length - len("Eigen\n"))}
    if fits_in:
        assert len(to_fields(resume)["other"]) == length
    else:
        assert faults(resume) == [Fault("/resume", "resume-too-long")]


@pytest.mark.parametrize(
    ("name", "text", "is_one"),
    [
        ("phone", "+31 6 20304050", True),
        ("phone", "123456", True),
        ("phone", "12345", False),
        ("phone", "1" * 15, True),
        ("phone", "1" * 16, False),
        ("phone", "123456" + " " * 34, True),
        ("phone", "123456" + " " * 35, False),
        ("phone", "123\n456", False),
        ("phone", "bel maar niet", False),
        ("email", "a@b", True),
        ("email", f"{'a' * 252}@b", True),
        ("email", f"{'a' * 253}@b", False),
        ("email", "a@b@c", False),
        ("email", "a @b", False),
        ("email", "@b", False),
        ("email", "a", False),
        ("name", "n" * 200, True),
        ("name", "n" * 201, False),
        ("name", "Xandra", True),
        ("name", "n\tn", False),
        ("name", "n\rn", False),
        ("name", "\u200b \u2028", False),
        ("other", "o\n\t\r" + "o" * 19_996, True),
        ("other", "o" * 20_001, False),
        ("other", "\n", False),
        ("age", "32", False),
    ],
)
def test_a_text_is_a_value_of_ours_if_its_shape_allows_it(name, text, is_one):
    assert fits(FIELDS[name].shape, text) is is_one


WRONG = [
    ({"basics": []}, "/basics"),
    ({"basics": {"name": 5}}, "/basics/name"),
    ({"basics": {"location": "Assen"}}, "/basics/location"),
    ({"basics": {"location": {"city": ["Assen"]}}}, "/basics/location/city"),
    ({"basics": {"profiles": {}}}, "/basics/profiles"),
    ({"basics": {"profiles": ["x"]}}, "/basics/profiles/0"),
    ({"basics": {"summary": True}}, "/basics/summary"),
    ({"work": {}}, "/work"),
    ({"work": [{}, 5]}, "/work/1"),
    ({"work": [{"name": {}}]}, "/work/0/name"),
    ({"education": [{"courses": "x"}]}, "/education/0/courses"),
    ({"skills": [{"keywords": [{}]}]}, "/skills/0/keywords/0"),
    ({"$schema": 1}, "/$schema"),
    ({"meta": "x"}, "/meta"),
    ({"meta": {"version": 1.0}}, "/meta/version"),
    ({"meta": {"kluis": []}}, "/meta/kluis"),
    ({"meta": {"kluis": {"address": []}}}, "/meta/kluis/address"),
    ({"meta": {"kluis": {"trainings": {}}}}, "/meta/kluis/trainings"),
    ({"meta": {"kluis": {"other_contact": ["x"]}}}, "/meta/kluis/other_contact/0"),
]


@pytest.mark.parametrize(("resume", "pointer"), WRONG, ids=[pointer for _, pointer in WRONG])
def test_what_is_of_another_type_is_refused_at_its_place(resume, pointer):
    assert faults(resume) == [Fault(f"/resume{pointer}", "wrong-type")]


def test_each_member_that_the_schema_names_is_of_its_type_or_refused():
    for section, below in OFFICIAL["properties"].items():
        if below["type"] == "array":
            for member in below["items"]["properties"]:
                assert faults({section: [{member: 5}]}) == [
                    Fault(f"/resume/{section}/0/{member}", "wrong-type")
                ]


def test_no_more_than_a_hundred_places_are_named():
    assert len(faults({"work": [5] * 101})) == 100


TWICE = [
    ({"basics": {"name": "S"}}, {"name": "S"}, "/name"),
    ({"basics": {"location": {"city": "A"}}}, {"address": {"city": "A"}}, "/address/city"),
    ({"work": [{}, {"name": "A"}]}, {"work_experience": [{}, {"organisation": "A"}]}, None),
]


@pytest.mark.parametrize(("resume", "kluis", "pointer"), TWICE)
def test_what_stands_in_two_places_is_refused(resume, kluis, pointer):
    pointer = pointer or "/work_experience/1/organisation"
    assert faults({**resume, "meta": {"kluis": kluis}}) == [
        Fault(f"/resume/meta/kluis{pointer}", "twice")
    ]


@pytest.mark.parametrize("name", ["other", "references", "assessment_results", "notes", SECRET])
def test_what_can_not_stand_apart_is_refused_without_being_named(name):
    refused = faults({"meta": {"kluis": {name: []}}, "references": []})
    assert refused == [Fault("/resume/meta/kluis", "unknown-property")]


@pytest.mark.parametrize(
    ("resume", "kluis", "field"),
    [
        ({}, {"certificates": [{}]}, "certificates"),
        ({"work": [{}]}, {"internships": [{}, {}]}, "internships"),
        ({"work": [{}]}, {"internships": [{}], "work_experience": [{}]}, "work_experience"),
        ({"certificates": [{}] * 51}, {"certificates": [{}] * 51}, "certificates"),
    ],
)
def test_more_entries_apart_than_their_section_has_are_refused(resume, kluis, field):
    assert faults({**resume, "meta": {"kluis": kluis}}) == [
        Fault(f"/resume/meta/kluis/{field}", "too-many")
    ]


@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_list_that_is_full_or_empty_goes_out_and_in_again(count):
    jobs = [{"organisation": f"Werkgever {number}"} for number in range(count)]
    fields = {"internships": jobs, "work_experience": jobs}
    assert to_fields(to_resume(fields)) == fields


MEMBERS = """basics name location profiles url work highlights education courses meta kluis
    address internships trainings description email birth_date city"""
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(MEMBERS.split()), inner, max_size=4)
    ),
    max_leaves=20,
)
parts = dict.fromkeys(["$schema", "basics", "work", "education", "meta"], anything)


@given(resume=st.fixed_dictionaries({}, optional=parts))
def test_whatever_it_is_it_becomes_fields_or_is_refused_at_places_without_values(resume):
    refused: list[Fault] = []
    fields: Json = {}
    try:
        fields = to_fields(resume)
    except Invalid as refusal:
        refused = list(refusal.faults)
    assert fields.keys() <= FIELDS.keys()
    assert all(fault.pointer.startswith("/resume/") for fault in refused)
    assert SECRET not in str(refused)

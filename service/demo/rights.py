"""One applicant exercises every right, and the demo looks whether each came to its end."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from service.demo.client import Who
from service.demo.dates import Procedure
from service.demo.intake import post
from service.demo.people import Applicants
from service.demo.stage import OFFICER, Stage, recruiter_of

_WRONG, _NOT_THERE = 403, 404
_BUREAU = {"recipient": "Assessmentbureau Voorbeeld", "kind": "processor", "country": "NL"}
_TALLY = "rights exercised, each to its end"
_SEED = 2027


class Rights:
    """From the access code to the last byte."""

    def __init__(self, stage: Stage, procedures: list[Procedure]) -> None:
        self._stage, self._client = stage, stage.client
        self._person = Applicants(_SEED).next()
        self._person.fields["birth_date"] = "1988-04-17"
        self._person.fields.pop("age", None)
        self._other = procedures[2]
        self._record = post(stage, self._person, procedures[3], "website", consents=True)
        stage.records.remove(self._record)  # its end is the applicant's doing, and no model's
        self._path = f"/applications/{self._record.id}"
        self._me = Who("applicant", self._record.id)

    def perform(self) -> None:
        self._log_in()
        self._disclose()
        for right in (
            self._see,
            self._take_along,
            self._correct,
            self._restrict,
            self._object,
            self._complain,
            self._use_again,
            self._take_consent_back,
            self._erase,
        ):
            self._stage.tally.add(_TALLY, 1, right())

    def _log_in(self) -> None:
        """The code of the receipt, and two answers that the record can give."""
        code = self._stage.access_codes[self._record.id] or ""
        phone = "".join(filter(str.isdigit, self._person.fields["phone"]))
        answers = {"birth_date": "1988-04-17", "phone_digits": phone[-4:]}
        wrong = self._client.log_in(self._me, code, {**answers, "birth_date": "1988-04-18"})
        right = self._client.log_in(self._me, code, answers)
        self._stage.tally.add("who answers wrong stays out", 1, wrong == _WRONG)
        self._stage.tally.add("who answers right is let in", 1, right < _WRONG)
        self._stage.say(f"{self._record.name} logs in with the code and two control questions.")

    def _disclose(self) -> None:
        """Somebody must have read and received something, so that there is something to tell."""
        fields = ["name", "email", "phone"]
        body = {**_BUREAU, "reason": "processing", "agreement": "VO-2026-3", "fields": fields}
        recruiter = recruiter_of(self._record)
        self._client.get(self._path, recruiter)
        self._client.post("/disclosures", recruiter, body | {"application_id": self._record.id})

    def _see(self) -> bool:
        asked = self._ask("access")
        report = self._client.get(f"{self._path}/access-report", self._me)
        readers = sorted({one["role"] for one in report["readings"]})
        self._stage.say(
            f"sees {len(report['fields'])} fields, and that there read: {', '.join(readers)}"
        )
        missing = self._person.fields.keys() - report["fields"].keys()
        return not missing and self._outcome(asked) == "answered"

    def _take_along(self) -> bool:
        asked = self._ask("portability")
        answer = self._client.call("GET", f"{self._path}/portability", self._me)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as taken:
            is_whole, names = taken.testzip() is None, taken.namelist()
        self._stage.say(f"takes along {len(answer.content) // 1024} KiB: {', '.join(names)}")
        return is_whole and self._outcome(asked) == "answered"

    def _correct(self) -> bool:
        asked = self._ask("correction", fields={"phone": "+31 6 44556677"})
        read = self._client.get(self._path, recruiter_of(self._record))["fields"]
        (notice,) = self._open_notices()
        self._stage.say(f"corrects the phone number; {notice['recipient']} is to be told")
        return bool(read["phone"] == "+31 6 44556677" and asked["outcome"] == "answered")

    def _restrict(self) -> bool:
        asked = self._ask("restriction")
        blind = self._is_hidden()
        self._lift(asked)
        self._stage.say("restricts the use of the record, and lifts that again")
        return blind and not self._is_hidden()

    def _object(self) -> bool:
        """The team does not read while it is judged; the officer has grounds, and says which."""
        asked = self._ask("objection", text="Ik wil niet dat het team dit leest.")
        blind = self._is_hidden()
        refusal = {"outcome": "refused", "refusal_reason": "compelling-grounds"}
        answer = self._change(asked, OFFICER, refusal)
        self._stage.say(f"objects; refused, with the way to: {answer['authority']}")
        return blind and not self._is_hidden()

    def _complain(self) -> bool:
        asked = self._ask("complaint", text="Het antwoord kwam laat.")
        answer = self._change(asked, OFFICER, {"outcome": "answered"})
        self._stage.say("complains; answered by the privacy officer")
        return bool(answer["closed_at"])

    def _use_again(self) -> bool:
        """Apply to another vacancy with what is kept; that record follows its own dates."""
        body = {"procedure_reference": "VT-103", "fields": ["name", "email", "phone"]}
        made = self._client.post(f"{self._path}/reuses", self._me, body)
        record = self._stage.keep(made, self._record.name, "website", self._other)
        self._stage.say(f"applies to {self._other.title} too, with what is kept")
        return record.id != self._record.id

    def _take_consent_back(self) -> bool:
        asked = self._ask("consent-withdrawal")
        rule = self._client.get(f"{self._path}/retention", self._me)["rule"]
        return bool(asked["outcome"] == "answered" and rule == "one-month-after-end")

    def _erase(self) -> bool:
        """Gone at once, and found by nobody; the other application is another record."""
        found = self._found()
        asked = self._ask("erasure")
        for notice in self._open_notices():
            path = f"/notices/{notice['id']}"
            self._client.patch(path, OFFICER, notice["version"], {"confirmed": True})
        left = self._found()
        self._stage.say(f"has it all erased; the other application ({len(left)}) stays")
        gone = found - left == {self._record.id} and self._is_hidden()
        return gone and asked["outcome"] == "answered"

    def _ask(self, kind: str, **more: object) -> Any:
        return self._client.post("/privacy-requests", self._me, {"kind": kind, **more})

    def _outcome(self, asked: dict[str, Any]) -> object:
        return self._client.get(f"/privacy-requests/{asked['id']}", OFFICER)["outcome"]

    def _change(self, asked: dict[str, Any], who: Who, change: Mapping[str, object]) -> Any:
        path = f"/privacy-requests/{asked['id']}"
        return self._client.patch(path, who, asked["version"], change)

    def _lift(self, asked: dict[str, Any]) -> None:
        self._change(asked, self._me, {"lifted": True})

    def _is_hidden(self) -> bool:
        who = recruiter_of(self._record)
        answer = self._client.call("GET", self._path, who, accept=(_NOT_THERE,))
        return answer.status_code == _NOT_THERE

    def _open_notices(self) -> list[dict[str, Any]]:
        return self._client.list_all("/notices", OFFICER, open="true")

    def _found(self) -> set[str]:
        body = {"email": self._person.fields["email"]}
        purpose = {"purpose": "erasure"}
        answer = self._client.call("POST", "/person-searches", OFFICER, json=body, params=purpose)
        return {one["application_id"] for one in answer.json()["items"]}

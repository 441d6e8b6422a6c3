"""The types of problems, for the OpenAPI document: each with its status and an example."""

from dataclasses import dataclass

from service.domain.errors import CONFLICTS, Conflict, Misconfigured, Refusal
from service.web.examples import REQUEST
from service.web.problems import DEFECT, STATUS, URN

_FAULTS = {
    "invalid": [{"pointer": "/fields/email", "code": "not-an-email-address"}],
    "forbidden": [{"pointer": "/fields/notes", "code": "not-for-this-role"}],
}


@dataclass(frozen=True)
class ProblemType:
    """One `type` of problem: its last word, the status it comes with, and what it says."""

    code: str
    status: int
    title: str
    detail: str = ""

    @property
    def example(self) -> dict[str, object]:
        problem: dict[str, object] = {
            "type": URN + self.code,
            "title": self.title,
            "status": self.status,
            "request_id": REQUEST,
        }
        if self.detail:
            problem["detail"] = self.detail
        if self.code in _FAULTS:
            problem["errors"] = _FAULTS[self.code]
        return problem


def _of_refusals() -> list[ProblemType]:
    """Those of a class of their own; what stops the start is never answered."""
    kinds: list[type[Refusal]] = [kind for kind in STATUS if kind not in (Conflict, Misconfigured)]
    return [ProblemType(kind.code, STATUS[kind], kind.title) for kind in kinds]


def _of_conflicts() -> list[ProblemType]:
    return [
        ProblemType(code, STATUS[Conflict], Conflict.title, detail)
        for code, detail in CONFLICTS.items()
    ]


PROBLEM_TYPES = sorted(
    [*_of_refusals(), *_of_conflicts(), ProblemType("defect", 500, DEFECT)],
    key=lambda problem: (problem.status, problem.code),
)

"""The routes of what an applicant sees and takes along: report and export."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from flask import Response, after_this_request, request, stream_with_context
from orjson import OPT_APPEND_NEWLINE, OPT_INDENT_2, dumps

from service.domain.json_resume import to_resume
from service.domain.labels import Language
from service.domain.policy import Action
from service.domain.words import RequestKind
from service.usecases import access_report, answering, exports
from service.usecases.case import Case
from service.usecases.stored_documents import opened
from service.web import schemas, schemas_exports
from service.web.archives import Archive, Entry, archived
from service.web.doors import Asked, door
from service.web.overview import overview

_APPLICATION = "/applications/<uuid:application_id>"


@door("GET", f"{_APPLICATION}/access-report", Action.READ_ACCESS_REPORT, query=schemas.PurposeQuery)
def read_access_report(case: Case, asked: Asked) -> access_report.AccessReport:
    """All that is kept about the applicant, and what became of it (GDPR art. 15).

    His fields and the company's own, documents, the ledger of consent, who received what, why it
    is kept and until when, and who was shown what: the latest 1,000 readings, and how many there
    were before. Staff are told of by role, never by name. An open access request of the applicant
    is answered when the whole of this was fetched with his own token.
    """
    report, waiting = access_report.read_access_report(case, asked.path["application_id"])

    def close_behind(response: Response) -> Response:
        sent = _answering(case, report.id, RequestKind.ACCESS, waiting, response.iter_encoded())
        response.response = stream_with_context(sent)
        return response

    if request.method != "HEAD":
        after_this_request(close_behind)
    return report


@door(
    "GET",
    f"{_APPLICATION}/portability",
    Action.EXPORT_APPLICATION,
    query=schemas_exports.ExportQuery,
)
def export_application(case: Case, asked: Asked) -> Archive:
    """What the applicant supplied, as a ZIP archive to take along (GDPR art. 20).

    `application.json` is of the schema `PortableApplication`, `resume.json` of the JSON Resume
    schema 1.0.0; `overview.html` is for people, in the `language` asked for; below `documents/`
    are his files as he gave them, under generated names. Data of referees and the company's own
    fields stay behind. What is damaged is left out, and named in `application.json`. An archive
    that breaks off can not be opened: fetch it again. An open portability request of the
    applicant is answered when the whole archive was fetched with his own token.
    """
    found = exports.export_application(case, asked.path["application_id"])
    filename = f"application-{found.application.id}.zip"
    if request.method == "HEAD":
        return Archive(filename, iter(()))  # not an empty one: its length is not told
    found = exports.verified(case, found)
    at = found.application.exported_at.astimezone(case.house.settings.timezone)
    archive = archived(_entries(case, found, Language(asked.query["language"])), at)
    sent = _answering(case, found.application.id, RequestKind.PORTABILITY, found.waiting, archive)
    return Archive(filename, stream_with_context(sent))


def _answering(
    case: Case,
    application_id: UUID,
    kind: RequestKind,
    waiting: Sequence[UUID],
    chunks: Iterable[bytes],
) -> Iterator[bytes]:
    """What was asked for; the requests for it are closed when the client took its last byte."""
    yield from chunks
    if waiting:
        yield b""  # the front comes back for more when all before this was taken
        answering.close_requests(case, application_id, kind, waiting)


def _entries(case: Case, found: exports.Portable, language: Language) -> Iterator[Entry]:
    application = found.application
    yield "application.json", [_json(application)]
    yield "resume.json", [_json(to_resume(application.fields))]
    page = overview(application, case.house.settings, language)
    yield "overview.html", [page.encode()]
    for document in found.documents:
        yield document.file, opened(case, document)


def _json(value: object) -> bytes:
    return dumps(value, option=OPT_INDENT_2 | OPT_APPEND_NEWLINE)

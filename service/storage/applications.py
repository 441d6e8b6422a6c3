"""Finding applications: what a principal does not reach is not in the answer of the query."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import product
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    false,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, undefer

from service.domain.catalogue import FIELDS
from service.domain.policy import TEAM_ROLES, Role, Sight, sight
from service.domain.retention import (
    Phase,
    Retention,
    end_of,
    latest_end_with_aftercare_over,
    phase_of,
)
from service.domain.words import Channel, ConsentChange, ProcedureKind
from service.storage.slices import Slice
from service.storage.tables import (
    Application,
    ConsentEvent,
    ConsentWording,
    Procedure,
    RecordKey,
    TeamMember,
    sealed_column,
)


@dataclass(frozen=True)
class Reach:
    """Whose eyes a query looks with."""

    role: Role
    subject: str | ColumnElement[str]
    today: date
    application_id: UUID | ColumnElement[UUID] | None = None


@dataclass(frozen=True)
class Found:
    """An application that the principal reaches, with its procedure and his role on the team."""

    application: Application
    procedure: Procedure
    key: RecordKey
    team_role: Role | None

    def retention(self, *, consented: bool) -> Retention:
        row = self.application
        return Retention(self.procedure.ends_on, row.withdrawn_on, consented, row.hold_until)

    def phase(self, today: date) -> Phase:
        end = end_of(self.procedure.ends_on, self.application.withdrawn_on)
        return phase_of(end, self.application.purge_on, today)


FoundQuery = Select[Application, Procedure, RecordKey, Role | None]


def find_application(
    session: Session, application_id: UUID, reach: Reach, fields: Iterable[str] = ()
) -> Found | None:
    """The application if this principal reaches it today, with the seals of `fields` loaded."""
    return _found(session, _one(reach.role, reach.today, frozenset(fields)), application_id, reach)


def lock_procedure_of(
    session: Session, application_id: UUID, reach: Reach, may: frozenset[Role], *, shared: bool
) -> bool:
    """Lock the procedure of an application, if whoever asks reaches that and, on its team, `may`.

    Else False: he waits for nobody's lock. Behind it the application is to be looked for again
    (`lock_own`): it may have gone or changed while this lock was waited for.
    """
    query = _procedure_to_lock(reach.role, reach.today, may, shared=shared)
    return session.scalar(query, _asked(application_id, reach)) is not None


def lock_own(
    session: Session, application_id: UUID, reach: Reach, fields: Iterable[str]
) -> Found | None:
    """One application, locked: without its procedure, if what leans on it moves no date."""
    query = _one_to_lock(reach.role, reach.today, frozenset(fields))
    return _found(session, query, application_id, reach)


def lock_procedure(session: Session, procedure_id: UUID, *, shared: bool) -> Procedure | None:
    """The procedure, locked: shared to rely on it, alone to change what others rely on.

    Who changes its end, its last day or its holds counts its version.
    """
    return session.scalar(
        select(Procedure)
        .where(Procedure.id == procedure_id)
        .with_for_update(read=shared)
        .execution_options(populate_existing=True)
    )


def list_applications(
    session: Session, procedure_id: UUID, reach: Reach, fields: Iterable[str], part: Slice
) -> Sequence[Found]:
    """A page of the applications in one procedure, oldest first."""
    query = reachable(reach, fields).where(Application.procedure_id == procedure_id)
    return _part_of(session, query, part)


def list_talent_pool(
    session: Session, reach: Reach, fields: Iterable[str], part: Slice
) -> Sequence[Found]:
    """A page of all that a sourcer reaches, oldest first."""
    return _part_of(session, reachable(reach, fields), part)


def find_same_email(
    session: Session, procedure_id: UUID, reach: Reach, indexes: Collection[bytes]
) -> dict[bytes, list[UUID]]:
    """What the principal reaches in one procedure, by e-mail index, for those given."""
    query = reachable(reach, ()).where(
        Application.procedure_id == procedure_id, Application.email_index.in_(indexes)
    )
    same: dict[bytes, list[UUID]] = {}
    for row, *_ in session.execute(query):
        same.setdefault(row.email_index or b"", []).append(row.id)
    return same


def fields_present(session: Session, application_id: UUID) -> frozenset[str]:
    """The names of the fields that hold a value, without loading any."""
    columns = [sealed_attribute(name).is_not(None) for name in FIELDS]
    row = session.execute(select(*columns).where(Application.id == application_id)).one()
    return frozenset(name for name, present in zip(FIELDS, row, strict=True) if present)


def is_in_phase(phase: Phase, today: date) -> ColumnElement[bool]:
    """The SQL twin of `phase_of`, for a record whose date has not come."""
    end = case(
        (Application.withdrawn_on < Procedure.ends_on, Application.withdrawn_on),
        else_=Procedure.ends_on,
    )
    aftercare_is_over = end <= latest_end_with_aftercare_over(today)
    match phase:
        case Phase.RUNNING:
            return end > today
        case Phase.AFTERCARE:
            return and_(end <= today, not_(aftercare_is_over))
        case Phase.TALENT_POOL:
            return aftercare_is_over
        case Phase.OVER:
            return false()


def sights(role: Role, today: date) -> Iterator[tuple[ColumnElement[bool], Sight]]:
    """Need to know as conditions on the role on the team and the phase, and what is seen then.

    At most one of them holds; what shows nothing is not among them.
    """
    for team_role, phase in product(sorted(TEAM_ROLES), Phase):
        seen = sight(role, phase, team_role)
        if seen.groups:
            yield and_(TeamMember.role == team_role, is_in_phase(phase, today)), seen


def is_consented() -> ColumnElement[bool]:
    """Whether the last event in the application's ledger gave consent; none is not consent."""
    last = (
        select(ConsentEvent.change)
        .where(ConsentEvent.application_id == Application.id)
        .order_by(ConsentEvent.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return case((last == ConsentChange.GIVEN, true()), else_=false())


def is_open_kind() -> ColumnElement[bool]:
    return Procedure.kind == ProcedureKind.OPEN


def sealed_attribute(name: str) -> InstrumentedAttribute[bytes | None]:
    """The mapped column with the seal of this field."""
    attribute: InstrumentedAttribute[bytes | None] = getattr(Application, sealed_column(name))
    return attribute


def reachable(reach: Reach, fields: Iterable[str]) -> FoundQuery:
    """All that the principal reaches today. A role without a line here reaches nothing."""
    team_role = TeamMember.role if reach.role in TEAM_ROLES else null()
    query = (
        select(Application, Procedure, RecordKey, team_role)
        .join(Procedure, Procedure.id == Application.procedure_id)
        .join(RecordKey, RecordKey.application_id == Application.id)
        .options(*(undefer(sealed_attribute(name)) for name in fields))
    )
    if reach.role in TEAM_ROLES:
        query = query.join(
            TeamMember,
            and_(
                TeamMember.procedure_id == Application.procedure_id,
                TeamMember.subject == reach.subject,
            ),
        )
    return query.where(_reaches(reach))


@lru_cache(maxsize=64)
def _one(role: Role, today: date, fields: frozenset[str]) -> FoundQuery:
    """The query for one application, for whoever asks: to make it takes longer than to run it."""
    reach = Reach(role, bindparam("subject"), today, bindparam("own_id", type_=Uuid()))
    return reachable(reach, sorted(fields)).where(Application.id == bindparam("id", type_=Uuid()))


@lru_cache(maxsize=64)
def _one_to_lock(role: Role, today: date, fields: frozenset[str]) -> FoundQuery:
    query = _one(role, today, fields).with_for_update(of=Application)
    return query.execution_options(populate_existing=True)


@lru_cache(maxsize=64)
def _procedure_to_lock(
    role: Role, today: date, may: frozenset[Role], *, shared: bool
) -> Select[UUID]:
    """The id of the procedure with one application, locked if whoever asks may have that one."""
    query = _one(role, today, frozenset()).with_only_columns(Procedure.id)
    if role in TEAM_ROLES:
        query = query.where(TeamMember.role.in_(sorted(may)))
    return query.with_for_update(read=shared, of=Procedure)


def _found(session: Session, query: FoundQuery, application_id: UUID, reach: Reach) -> Found | None:
    row = session.execute(query, _asked(application_id, reach)).one_or_none()
    return None if row is None else Found(*row)


def _asked(application_id: UUID, reach: Reach) -> dict[str, object]:
    """What the queries for one application are asked with."""
    return {"id": application_id, "subject": reach.subject, "own_id": reach.application_id}


def _reaches(reach: Reach) -> ColumnElement[bool]:
    alive = Application.purge_on > reach.today
    unrestricted = Application.restricted_at.is_(None)
    if reach.role in TEAM_ROLES:
        shown = (condition for condition, _ in sights(reach.role, reach.today))
        return and_(alive, unrestricted, or_(*shown))
    if reach.role is Role.APPLICANT:
        return and_(alive, Application.id == reach.application_id)
    if reach.role is Role.OFFICER:
        return or_(alive, Application.hold_until > reach.today)
    if reach.role is Role.WEBSITE:
        return and_(alive, Application.channel == Channel.WEBSITE)
    if reach.role is Role.SOURCER:
        found = is_in_phase(Phase.TALENT_POOL, reach.today)
        return and_(alive, unrestricted, found, _names_talent_pool())
    return false()


def _names_talent_pool() -> ColumnElement[bool]:
    """Whether the wording that was last agreed to names the talent pool."""
    last = (
        select(ConsentWording.names_talent_pool)
        .join(ConsentEvent, ConsentEvent.wording_version == ConsentWording.version)
        .where(ConsentEvent.application_id == Application.id)
        .order_by(ConsentEvent.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return last.is_(true())


def _part_of(session: Session, query: FoundQuery, part: Slice) -> Sequence[Found]:
    rows = session.execute(part.of(query, Application.id))
    return [Found(*row) for row in rows]

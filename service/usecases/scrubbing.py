"""After a run that left nothing due: the deleted bytes go from the files, and duties are named."""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from service.config.settings import MEGABYTE
from service.storage import purges
from service.storage.database import begin_writing, unavailable_when_failing
from service.storage.scrubbing import scrub
from service.telemetry.signals import Alarm
from service.usecases.case import House


def scrub_if_needed(house: House, session: Session, engine: Engine) -> bool:
    """Scrub the files if something was deleted or changed since they last were.

    True if nothing is left to scrub. A reader's old snapshot can keep bytes in; then the next run,
    an hour later, tries again.
    """
    with unavailable_when_failing():
        pending = purges.list_unscrubbed(session)
        session.rollback()
        if not pending:
            return True
        if not scrub(engine, house.settings.rewrite_mb * MEGABYTE):
            house.signals.alarm(Alarm.NOT_SCRUBBED, runs=len(pending))
            return False
        begin_writing(session)
        purges.mark_scrubbed(session, pending, house.clock.now())
        session.commit()
    return True

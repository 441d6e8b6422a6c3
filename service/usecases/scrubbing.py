"""After a run that left nothing due: deleted bytes leave the files, and open duties are named."""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from service.config.settings import MEGABYTE
from service.storage import purges
from service.storage.database import begin_writing, unavailable_when_failing
from service.storage.scrubbing import scrub
from service.telemetry.signals import Alarm
from service.usecases.case import House
from service.usecases.duties import raise_duties


def finish_run(house: House, session: Session, engine: Engine) -> bool:
    """Scrub the database's files; name the duties if this was the day's first completed run.

    False if somebody's reading kept deleted bytes in: the next run, an hour later, tries again.
    """
    with unavailable_when_failing():
        pending = purges.list_unscrubbed(session)
        is_first_today = purges.count_completed(session, house.today(session)) == 1
        session.rollback()
        if is_first_today:
            raise_duties(house, session)
        if not scrub(engine, house.settings.rewrite_mb * MEGABYTE):
            house.signals.alarm(Alarm.NOT_SCRUBBED, runs=len(pending))
            return False
        begin_writing(session)
        purges.mark_scrubbed(session, pending, house.clock.now())
        session.commit()
    return True

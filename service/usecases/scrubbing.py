"""After a run that left nothing due: deleted bytes leave the files, and open duties are named."""

from sqlalchemy.orm import Session

from service.config.settings import MEGABYTE
from service.storage import purges
from service.storage.database import begin_writing, unavailable_when_failing
from service.storage.scrubbing import scrub
from service.telemetry.signals import Alarm
from service.usecases.case import House
from service.usecases.duties import raise_duties


def finish_run(house: House, session: Session) -> bool:
    """Scrub the files of what was deleted; with the day's first completed run, name the duties.

    Once a day is enough for corrections. False if somebody's reading kept deleted
    bytes in: the next run tries again.
    """
    with unavailable_when_failing():
        today = house.today(session)
        pending = purges.list_unscrubbed(session)
        is_first_today = purges.count_completed(session, today) == 1
        is_needed = purges.needs_scrubbing(session, today)
        erased = purges.count_erased(session, today)
        session.rollback()
        if is_first_today:
            raise_duties(house, session)
        if not is_needed:
            return True
        if not scrub(house.engine, house.settings.rewrite_mb * MEGABYTE):
            house.signals.alarm(Alarm.NOT_SCRUBBED)
            return False
        begin_writing(session)
        purges.mark_scrubbed(session, pending, house.clock.now())
        # Who erases marks these runs as well. If one did so meanwhile, his mark is to stay.
        if purges.count_erased(session, today) == erased:
            session.commit()
        else:
            session.rollback()
    return True

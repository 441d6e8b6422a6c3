"""Calendar arithmetic on civil dates."""

from calendar import monthrange
from datetime import date


def add_months(day: date, months: int) -> date:
    """The same day so many calendar months on; one that does not exist is its month's last day.

    31 January + 1 month is 28 or 29 February; 29 February + 12 months is 28 February.
    The calendar ends with the year 9999: a day past it is its last day.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

"""JSON told as text for people to read: labels and values, without brackets and quotes."""

import re
from unicodedata import category

# Separators, controls and format characters: nothing of them is to be seen.
_INVISIBLE = {"Zs", "Zl", "Zp", "Cc", "Cf"}
_CAMEL_CASE = re.compile(r"[a-z]+(?:[A-Z][a-z]+)*")


def is_visible(text: str) -> bool:
    return any(category(character) not in _INVISIBLE for character in text)


def says(value: object) -> bool:
    """Whether there is anything in it: a text with something to be seen, a number, a claim."""
    match value:
        case dict():
            return any(map(says, value.values()))
        case list():
            return any(map(says, value))
        case str():
            return is_visible(value)
    return value is not None


def lines(value: object) -> str:
    """Readable text, a line for each member or entry."""
    match value:
        case dict():
            return "\n".join(_line(key, member) for key, member in value.items() if says(member))
        case list():
            return "\n".join(f"- {_tell(item)}" for item in value if says(item))
    return _tell(value)


def _line(key: str, value: object) -> str:
    between, text = ("\n", lines(value)) if isinstance(value, list) else (" ", _tell(value))
    return f"{label(key)}:{between}{text}"


def _tell(value: object) -> str:
    """Readable text on as few lines as it has itself."""
    match value:
        case dict():
            told = [f"{label(key)}: {_tell(item)}" for key, item in value.items() if says(item)]
            return "; ".join(told)
        case list():
            return ", ".join(_tell(item) for item in value if says(item))
        case bool():
            return "yes" if value else "no"
    return str(value)


def label(key: str) -> str:
    """`startDate` as `Start date`; what is no such name stays as it is."""
    if not _CAMEL_CASE.fullmatch(key):
        return key
    return re.sub("([A-Z])", r" \1", key).capitalize()

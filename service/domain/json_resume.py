r"""JSON Resume v1.0.0 (https://jsonresume.org/schema): what of a record stands where in it.

A value stands in the place that the format has for it, if the format takes it there: a website
that is a URI, an ASCII e-mail address, a year from 1000 to 2999, a country as its two letters.
`basics.summary` is the field `other`; `basics.url` is the first of `other_contact`, if that is a
website. All else stands in `meta.kluis`, so that no value is in two places:

meta.kluis: an object of fields of ours, each with what of it stands nowhere else
    a field without a place  its value, as in the record
    `address`                its members without a place
    a list with a section    one object an entry, in their order, of its members without a place:
                             {} for none. Left out if all are empty; never of `internships` and
                             `trainings`, whose entries are the last of `work` and `education`

    {"work": [{"name": "Voorbeeld B.V."}, {"name": "Gemeente Assen"}],
     "meta": {"kluis": {"gender": "female", "internships": [{"website": "assen"}]}}}
"""

from service.domain.json_resume_in import to_fields
from service.domain.json_resume_out import to_resume

__all__ = ["to_fields", "to_resume"]

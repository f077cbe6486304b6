"""Forms of text that several subjects take, as regular expressions that JSON Schema and Python read alike."""

from __future__ import annotations

from typing import Final

# One line with something to see in it. PostgreSQL keeps no NUL, pages want no control characters.
ONE_LINE: Final = (
    r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\x00-\x20\x7f-\xa0\u2028\u2029\u3000][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
)
# Any number of lines, empty ones too.
LINES: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
# Local part and domain of RFC 5321 as mail servers take them in practice: no quoted local parts, no address literals.
EMAIL: Final = (
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)

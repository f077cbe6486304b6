"""How guests see a guest whose name they are not to see. Pure.

It tells people apart in a room, stays the same for one person however often they come back, and is not the name:

* `김○○ 12` of a name in Hangul: the family name's first syllable and two circles, as notices, courts and newspapers in
  Korea write somebody who is not to be known. Half of the country shares five of these syllables, so it says next to
  nothing; always two circles, so it does not tell how long the name is. The mask of a certificate (`홍*동`) keeps a
  syllable more, for who holds the paper already: too much for a room of strangers.
* `Guest 12`, `참가자 12` of any other name, in the event's language: there is no such custom for initials, which give
  away most of a name to colleagues.

The number is that of the registration (`attendee.number`), which no other person of the event has or will have.
"""

from __future__ import annotations

import re
from typing import Final

# A first word that can be a Korean name, or its family name alone; longer ones are societies and companies.
_HANGUL: Final = re.compile(r"[가-힣]{1,4}$")
_GUEST: Final = {"ko": "참가자", "en": "Guest"}


def short_form(name: str, number: int, language: str) -> str:
    """`number` is 0 of who registered before there were any and whose token is from then: it is left out."""
    first, *_ = name.split() or [""]
    word = f"{first[0]}○○" if _HANGUL.match(first) else _GUEST.get(language, _GUEST["en"])
    return f"{word} {number}" if number else word


def seen_as(name: str, number: int, language: str, *, names_shown: bool) -> str:
    """What guests of an event in that language read beside what this guest writes from now on."""
    return name if names_shown else short_form(name, number, language)

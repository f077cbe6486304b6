"""How a letter's headers are written in lines.

The library folds them itself, but CPython up to 3.13 loses a space where it begins a new encoded word between two
others, so that words of a long Korean subject or name run together; and it takes a long address within `<>` for
text that is to be encoded, so that no mail program finds the way out of List-Unsubscribe (RFC 8058 wants it plain).
"""

from __future__ import annotations

from email.header import Header
from email.headerregistry import Address
from email.policy import EmailPolicy
from typing import Any, Final

# What is read by machines, within 998 characters a line (RFC 5322 2.1.1).
_AS_IT_IS: Final = frozenset({"list-unsubscribe", "list-unsubscribe-post", "message-id"})
_ADDRESSES: Final = frozenset({"from", "to", "reply-to"})


class Folding(EmailPolicy):
    """Encoded words (RFC 2047) with their spaces within them."""

    def fold(self, name: str, value: Any) -> str:
        known = name.lower()
        if known in _AS_IT_IS:
            return f"{name}: {value}{self.linesep}"
        if known == "subject":
            return f"{name}: {self._words(str(value), name)}{self.linesep}"
        if known in _ADDRESSES:
            people = f",{self.linesep} ".join(self._person(one, name) for one in value.addresses)
            return f"{name}: {people}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii")

    def _words(self, text: str, name: str) -> str:
        charset = "us-ascii" if text.isascii() else "utf-8"
        return Header(text, charset, maxlinelen=75, header_name=name).encode(linesep=self.linesep)

    def _person(self, address: Address, name: str) -> str:
        if address.display_name.isascii():
            return str(address)
        return f"{self._words(address.display_name, name)} <{address.addr_spec}>"


FOLDING: Final = Folding(linesep="\r\n")

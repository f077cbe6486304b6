"""A letter as it travels (RFC 5322, MIME): text and HTML, the calendar entry inside and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from webinar.mail.compose import Composed, Logo, header
from webinar.mail.headers import FOLDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who to, who from, and what marks the letter. `key` makes the same letter the same message, however often sent."""

    key: str
    host: str
    sender_name: str
    sender: str  # an address
    to_name: str
    to_email: str
    written_at: datetime
    language: str
    unsubscribe: str = ""  # where a POST ends such letters (RFC 8058)
    reply_to: str = ""


def sender_address(sender: str) -> tuple[str, str]:
    """(name, address) of WEBINAR_MAIL_FROM, which is an address or `Name <address>`."""
    return parseaddr(sender)


def message(envelope: Envelope, composed: Composed, calendar: bytes | None = None, method: str = "") -> EmailMessage:
    """Names and subject of any script are encoded (RFC 2047). `calendar` says its `method` inside."""
    made = EmailMessage(policy=FOLDING)
    made["From"] = _address(envelope.sender_name, envelope.sender)
    made["To"] = _address(envelope.to_name, envelope.to_email)
    made["Subject"] = header(composed.subject)
    made["Date"] = format_datetime(envelope.written_at)
    made["Message-ID"] = f"<{envelope.key}@{envelope.host}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
    made["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    made["Content-Language"] = envelope.language
    if envelope.reply_to:
        made["Reply-To"] = _address("", envelope.reply_to)
    if envelope.unsubscribe:
        made["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # What is mostly ASCII stays readable on its way.
    cte = "base64" if envelope.language == "ko" else "quoted-printable"
    made.set_content(composed.text, charset="utf-8", cte=cte)
    made.add_alternative(composed.html, subtype="html", charset="utf-8", cte=cte)
    html = made.get_body(("html",))
    if composed.logo is not None and html is not None:
        # Beside the HTML that shows it (RFC 2387), inside the alternatives: to nobody it looks like an attachment.
        html.add_related(composed.logo.data, "image", "png", cid=f"<{Logo.CID}>", disposition="inline")
    if calendar is not None:
        # Inside the alternatives for programs that show an invitation, as a file for all others.
        made.add_alternative(
            calendar.decode(), subtype="calendar", charset="utf-8", cte="base64", params={"method": method}
        )
        made.add_attachment(calendar, maintype="application", subtype="ics", filename="event.ics")
    return made


def _address(name: str, address: str) -> Address:
    """Raises `ValueError` for what is no address: nothing of it could become a header of its own."""
    return Address(display_name=header(name), addr_spec=address)

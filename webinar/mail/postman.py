"""Hands letters to the mail server: one connection for many, not faster than allowed, its answers in plain words."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from typing import Final

import aiosmtplib
from prometheus_client import Counter

from webinar.base import log
from webinar.mail.server import MailServer

_log = log.get(__name__)

LETTERS: Final = Counter("webinar_letters_handed_total", "Letters handed to the mail server", ["outcome"])

_TIMEOUT_S: Final = 20.0
_IDLE_S: Final = 15.0  # a server that is kept waiting hangs up in the middle of the next letter
_MOST_A_CONNECTION: Final = 100  # more is what spammers do, to some servers
_QUEUE_S: Final = 15.0  # who would wait longer for their turn comes again instead
_AWAY_S: Final = 10.0  # after it did not answer, nobody asks again for so long
# Of the answer to EHLO, STARTTLS, AUTH and MAIL: about us, not about who the letter is to.
_OURS: Final = (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPHeloError, aiosmtplib.SMTPSenderRefused)


class _Answer(Exception):
    """What a server said may hold bytes that are no text: no database takes those."""

    def __init__(self, why: str) -> None:
        super().__init__(_clean(why))


class NotNow(_Answer):
    """The server is away, busy, or does not take us as we are set up: to be tried again."""


class NotYet(Exception):
    """Other letters go first, or the rate does not allow it yet: nothing was tried. `after`: in so many seconds."""

    def __init__(self, after: float) -> None:
        super().__init__("other letters go first")
        self.after = after


class Refused(_Answer):
    """This letter is not taken, and will not be: a wrong address, a full stop of the receiving side (5xx)."""


class Postman:
    """One a process. Letters go one after the other."""

    def __init__(
        self,
        server: MailServer,
        *,
        hello: str,
        per_minute: int,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`hello`: our own name for EHLO."""
        self._server = server
        self._hello = hello
        self._interval_s = 60.0 / per_minute
        self._context = context
        self._clock = clock
        self._lock = asyncio.Lock()
        self._smtp: aiosmtplib.SMTP | None = None
        self._sent_here = 0
        self._next_at = 0.0
        self._used_at = 0.0
        self._away_until = 0.0
        self._away = ""

    async def send(self, message: EmailMessage, sender: str, to: str) -> str:
        """The server's answer once it has taken the letter. Raises `NotNow`, `NotYet` or `Refused`."""
        async with self._turn():
            if self._clock() < self._away_until:
                raise NotNow(self._away)
            wait = max(0.0, self._next_at - self._clock())
            if wait > _QUEUE_S:
                raise NotYet(wait)
            await asyncio.sleep(wait)
            try:
                answer = await self._hand_over(message, sender, to)
            except Refused:
                LETTERS.labels("refused").inc()
                raise
            except NotNow:
                LETTERS.labels("put_off").inc()
                raise
            finally:
                self._next_at = self._clock() + self._interval_s
                self._used_at = self._clock()
            LETTERS.labels("taken").inc()
            return _clean(answer)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One letter after the other. Raises `NotYet` behind a letter that takes long."""
        try:
            async with asyncio.timeout(_QUEUE_S):
                await self._lock.acquire()
        except TimeoutError as error:
            raise NotYet(_QUEUE_S) from error
        try:
            yield
        finally:
            self._lock.release()

    async def check(self) -> str:
        """Connects, says hello and signs in, sends nothing. What the server is. Raises `NotNow`."""
        async with self._lock:
            smtp = await self._connected()
            await smtp.ehlo()
            secure = "encrypted" if smtp.get_transport_info("sslcontext") is not None else "not encrypted"
            return f"{self._server.where}, {secure}" + (", signed in" if self._server.user else "")

    async def keep(self) -> None:
        """For the life of the worker: hangs up when there is nothing more to send, and at its end."""
        try:
            while True:
                await asyncio.sleep(_IDLE_S / 3)
                if self._smtp is not None and self._clock() - self._used_at > _IDLE_S:
                    async with self._lock:
                        await self.close()
        finally:
            await self.close()

    async def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await smtp.quit(timeout=2)
            smtp.close()

    async def _hand_over(self, message: EmailMessage, sender: str, to: str) -> str:
        kept = self._smtp is not None
        smtp = await self._connected()
        try:
            # As the letter writes itself: `send_message` would fold its headers in its own way.
            _, answer = await smtp.sendmail(sender, [to], message.as_bytes())
        except aiosmtplib.SMTPServerDisconnected as error:
            await self._drop()
            if kept:  # a server does not wait for ever: once more on a new connection, as the same message
                return await self._hand_over(message, sender, to)
            raise self._gone(f"the mail server hung up ({error.message})") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _about_letter(refused.code, refused.message) from error
        except _OURS as error:
            await self._drop()
            raise NotNow(f"the mail server does not take letters from us: {error.code} {error.message}") from error
        except aiosmtplib.SMTPResponseException as error:
            if error.code == 421:  # closing: RFC 5321, section 3.8
                await self._drop()
            raise _about_letter(error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            await self._drop()
            raise self._gone(f"the mail server did not answer ({error or type(error).__name__})") from error
        except BaseException:  # cut off in the middle of a letter: the next one must not go on there
            await self._drop()
            raise
        self._sent_here += 1
        if self._sent_here >= _MOST_A_CONNECTION:
            await self.close()
        return answer

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._smtp is not None and self._smtp.is_connected:
            return self._smtp
        server = self._server
        smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=self._hello,
            use_tls=server.tls == "always",
            start_tls={"always": False, "starttls": True, "optional": None, "never": False}[server.tls],
            username=server.user or None,
            password=server.password or None,
            tls_context=self._context,
            timeout=_TIMEOUT_S,
        )
        try:
            await smtp.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            smtp.close()
            raise self._gone(f"the mail server refused user and password: {error.code} {error.message}") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            smtp.close()
            raise self._gone(f"{server.where}: {_why(error)}") from error
        except BaseException:  # cancelled: nobody else knows of this connection
            smtp.close()
            raise
        self._smtp, self._sent_here = smtp, 0
        return smtp

    async def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _gone(self, why: str) -> NotNow:
        """For a while nobody needs to find out again."""
        why = _clean(why)
        self._away, self._away_until = why, self._clock() + _AWAY_S
        _log.warning("no mail goes out", error=why)
        return NotNow(why)


def _clean(text: str) -> str:
    """As PostgreSQL keeps it: no halves of characters, no NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _about_letter(code: int, message: str) -> NotNow | Refused:
    """RFC 5321, section 4.2.1: 4yz may be tried again, 5yz not."""
    why = f"{code} {' '.join(message.split())}"
    return Refused(why) if 500 <= code < 600 else NotNow(why)


def _why(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPException) and "STARTTLS" in str(error.message):
        return "it offers no encryption (STARTTLS); see `tls` of WEBINAR_SMTP_URL"
    if isinstance(error, TimeoutError):
        return f"no answer within {_TIMEOUT_S:.0f} s"
    return " ".join(str(error).split()) or type(error).__name__

"""Sending one mail over SMTP, with an id that stays the same however often it is tried."""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from kiosk import clock, runtime
from kiosk.notify import letters
from kiosk.notify.letters import Say
from kiosk.notify.outcome import Outcome
from kiosk.store.deliveries import Delivery

TIMEOUT_SECONDS = 15.0
MOST_SHOWN = 120
HERE = {"localhost", "127.0.0.1", "::1"}
NOT_SET_UP = "KIOSK_SMTP_URL is not set, so no mail is sent"


@dataclass
class Mail:
    """Sends mails by the server of `url`, smtp(s)://USER:PASSWORD@HOST:PORT; empty where mail is not set up.

    `speaking()`: inside it `say` speaks the language of the mails. `base`: this server's address, for links.
    """

    url: str
    sender: str
    clock: clock.Clock
    say: Say
    speaking: Callable[[], AbstractContextManager[object]] = nullcontext
    ca_file: str = ""
    base: str = ""
    _trust: ssl.SSLContext | None = field(default=None, init=False)

    def send(self, one: Delivery) -> Outcome:
        """Send a mail once and return how that ended."""
        if not self.url:
            return Outcome(False, NOT_SET_UP, again=False)
        try:
            self._hand_over(self._message(one), one.target)
        except smtplib.SMTPException as error:
            return _refused(error)
        except OSError as error:
            return Outcome(False, f"no connection to the mail server ({error})"[:MOST_SHOWN])
        return Outcome(True, "the mail server has taken it")

    def _message(self, one: Delivery) -> EmailMessage:
        with self.speaking():
            letter = letters.write(one.event, json.loads(one.body), self.base, self.say)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, one.target, letter.subject
        message["Date"] = format_datetime(one.created_at)
        message["Message-ID"] = f"<{one.id}@{_domain(self.sender)}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    def _hand_over(self, message: EmailMessage, target: str) -> None:
        parts = urlsplit(self.url)
        with self._server(parts) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message, parseaddr(self.sender)[1], [target])

    def _server(self, parts: SplitResult) -> smtplib.SMTP:
        host = parts.hostname or ""
        if parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=self._trusted())
        server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT_SECONDS)
        try:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=self._trusted())
                server.ehlo()
            elif parts.username and host not in HERE:
                raise smtplib.SMTPNotSupportedError("it offers no TLS, so it is not told the password")
        except Exception:
            server.close()
            raise
        return server

    def _trusted(self) -> ssl.SSLContext:
        """Read the certificates once, in a real thread: it takes long on a small machine."""
        if self._trust is None:
            self._trust = runtime.offload(_context, self.ca_file)
        return self._trust


def _refused(error: smtplib.SMTPException) -> Outcome:
    """Return what the mail server's refusal means: only its answers from 500 on are final."""
    code: int = 0
    text: bytes | str = ""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    else:
        text = str(error)
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    said = " ".join(f"the mail server said {code or ''} {words}".split())[:MOST_SHOWN]
    # A wrong password can be set right, and then the mail goes out after all.
    final = code >= 500 and not isinstance(error, smtplib.SMTPAuthenticationError)
    return Outcome(False, said, again=not final)


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _context(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)

"""Mail of the portal: handed over once, or known not to have been."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

_FOR_GOOD = 500


class MailFault(Exception):
    """The mail was not sent, or can't be known to have been sent."""


class NotHandedOver(MailFault):
    """The server certainly didn't take the mail: it may be sent again later."""


class Refused(MailFault):
    """The server, or the address itself, refuses the mail for good."""


class Unclear(MailFault):
    """The connection broke after the mail was on its way: sending it again could make two of it."""


def send(*, subject: str, text: str, to: str, message_id: str = "") -> None:
    """Send one mail in plain text; example data say so.

    Raises:
        NotHandedOver, Refused, Unclear: see there.
    """
    if settings.IS_DEMO:
        subject = f"[DATA CONTOH] {subject}"
        text = f"DATA CONTOH, bukan keadaan sebenarnya\n\n{text}"
    headers = {"Auto-Submitted": "auto-generated"} | ({"Message-ID": message_id} if message_id else {})
    message = EmailMessage(subject, text, None, [to], headers=headers)
    connection = get_connection()
    with _faults():
        try:
            connection.open()
        except (OSError, SMTPException) as fault:
            raise NotHandedOver(_words(fault)) from fault
        try:
            connection.send_messages([message])
        finally:
            connection.close()


@contextmanager
def _faults() -> Iterator[None]:
    """Say of each error whether the server may have the mail."""
    try:
        yield
    except SMTPRecipientsRefused as fault:
        codes = [code for code, _ in fault.recipients.values()]
        raise (Refused if min(codes, default=_FOR_GOOD) >= _FOR_GOOD else NotHandedOver)(_words(fault)) from fault
    except SMTPResponseException as fault:
        raise (Refused if fault.smtp_code >= _FOR_GOOD else NotHandedOver)(_words(fault)) from fault
    except OSError as fault:
        raise Unclear(_words(fault)) from fault
    except ValueError as fault:
        raise Refused(_words(fault)) from fault


def _words(fault: Exception) -> str:
    """Return the fault in one short line, without the address."""
    if isinstance(fault, SMTPResponseException):
        answer = fault.smtp_error
        said = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
        return f"{fault.smtp_code} {said}"[:300].replace("\n", " ")
    if isinstance(fault, SMTPRecipientsRefused):
        codes = sorted({code for code, _ in fault.recipients.values()})
        return f"penerima ditolak: {', '.join(map(str, codes))}"
    return (str(fault) or type(fault).__name__)[:300].replace("\n", " ")

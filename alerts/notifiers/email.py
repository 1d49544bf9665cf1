"""E-mail over SMTP.

At least once: a crash after the server took the mail sends it again under the same `Message-ID`.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.message import EmailMessage

from alerts.notifiers.base import Delivery, Message
from alerts.notifiers.hiding import quoted
from alerts.notifiers.mail import compose_mail
from core.clock import Clock
from core.settings import EmailNotifierSettings

#: What only the operator can mend (password, certificate, no STARTTLS) is tried again, because messages must survive
#: the mending; but rarely, because servers lock accounts that fail to log in often.
_UNTIL_MENDED = timedelta(minutes=10)


class EmailNotifier:
    """Sends each message as one mail to all recipients, over one connection a mail."""

    def __init__(
        self,
        settings: EmailNotifierSettings,
        *,
        clock: Clock,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self.settings, self.clock, self.tls = settings, clock, tls

    def send(self, message: Message) -> Delivery:
        """Hand the mail to the server. A recipient that the server refuses is named; the others have it."""
        mail, notes = compose_mail(message, sender=self.settings.sender, to=self.settings.to, now=self.clock())
        try:
            with self._connect() as server:
                refused = self._hand_over(server, mail)
        except smtplib.SMTPAuthenticationError as bad:
            reason = f"邮件服务器拒绝登录，请检查账号与授权码（{self._said(bad.smtp_error)}）"
            return Delivery(ok=False, retry=True, reason=reason, provider_code=str(bad.smtp_code), after=_UNTIL_MENDED)
        except smtplib.SMTPRecipientsRefused as bad:
            return self._all_refused(bad.recipients)
        except smtplib.SMTPResponseException as bad:
            return self._answered(bad.smtp_code, bad.smtp_error)
        except smtplib.SMTPNotSupportedError as bad:
            reason = f"邮件服务器不支持所需的功能（{self._said(bad)}），请检查 security 设置"
            return Delivery(ok=False, retry=True, reason=reason, after=_UNTIL_MENDED)
        except ssl.SSLCertVerificationError as bad:
            reason = f"邮件服务器的证书不可信（{self._said(bad.verify_message)}）"
            return Delivery(ok=False, retry=True, reason=reason, after=_UNTIL_MENDED)
        except TimeoutError:
            return Delivery(ok=False, retry=True, reason="邮件服务器超时未应答")
        except (smtplib.SMTPException, OSError) as bad:
            return Delivery(ok=False, retry=True, reason=f"无法连接邮件服务器（{self._said(bad)}）")
        parts = [f"部分收件人被拒：{self._refusals(refused)}"] if refused else []
        return Delivery(ok=True, reason="；".join((*parts, *notes)), provider_code="250")

    def _connect(self) -> smtplib.SMTP:
        host, port = self.settings.host, self.settings.port
        timeout = self.settings.timeout.total_seconds()
        if self.settings.security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=timeout, context=self.tls())
        return smtplib.SMTP(host, port, timeout=timeout)

    def _hand_over(self, server: smtplib.SMTP, mail: EmailMessage) -> Mapping[str, tuple[int, bytes]]:
        if self.settings.security == "starttls":
            server.starttls(context=self.tls())
        if self.settings.user and self.settings.password:
            server.login(self.settings.user, self.settings.password.reveal())
        return server.send_message(mail)

    def _all_refused(self, refused: Mapping[str, tuple[int, bytes]]) -> Delivery:
        codes = [code for code, _ in refused.values()]
        return Delivery(
            ok=False,
            retry=any(400 <= code < 500 for code in codes),
            reason=f"所有收件人被拒：{self._refusals(refused)}",
            provider_code=str(codes[0]) if codes else None,
        )

    def _answered(self, code: int, words: bytes | str) -> Delivery:
        # 4yz is "try again later" (RFC 5321, 4.2.1). Codes below 0 are smtplib's for a connection that broke.
        return Delivery(
            ok=False, retry=code < 500, reason=f"邮件服务器拒收：{self._said(words)}", provider_code=str(code)
        )

    def _refusals(self, refused: Mapping[str, tuple[int, bytes]]) -> str:
        return "；".join(f"{address}（{code} {self._said(words)}）" for address, (code, words) in refused.items())

    def _said(self, words: object) -> str:
        return quoted(words, (self.settings.password,))

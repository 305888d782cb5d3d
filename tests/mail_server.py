"""A real mail server on loopback, for the tests of the post: it keeps letters, and refuses, delays, drops or takes twice as it is told."""

import asyncio
import socket
from contextlib import contextmanager
from email import message_from_bytes, policy
from functools import wraps

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

DROP = "drop"


class Mailbox:
    """Takes letters; refuses some recipients for good or for now, hangs up after the text for others.

    `steps`: by step (EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, END: after the text, QUIT) what is answered instead, or DROP. `delays`: by step
    the seconds before any answer. `keeps`: is a letter kept that END does not say yes to? `at`: called with each step as it comes.
    """

    def __init__(self):
        self.letters, self.raw, self.refused, self.dropped, self.busy = [], [], set(), set(), set()
        self.steps, self.delays, self.keeps, self.at = {}, {}, False, lambda step: None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such mailbox"
        if address in self.busy:
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.at("END")
        told = self.steps.get("END")
        if told is None or self.keeps:
            self.raw.append(envelope.content)
            self.letters.append((tuple(envelope.rcpt_tos), message_from_bytes(envelope.content, policy=policy.default)))
        await asyncio.sleep(self.delays.get("END", 0))
        self.at("TAKEN")
        if told == DROP or self.dropped & set(envelope.rcpt_tos):
            server.transport.abort()
        return "250 OK" if told in (None, DROP) else told

    @property
    def recipients(self):
        return [recipients for recipients, _ in self.letters]


class _Server(SMTP):
    """Does as its mailbox says at each step."""

    async def _instead(self, step):
        self.event_handler.at(step)
        await asyncio.sleep(self.event_handler.delays.get(step, 0))
        told = self.event_handler.steps.get(step)
        if told == DROP:
            self.transport.abort()
        elif told is not None:
            await self.push(told)
        return told is not None


def _step(name):
    usual = getattr(SMTP, f"smtp_{name}")

    @wraps(usual)
    async def stepped(self, arg):
        if not await self._instead(name):
            await usual(self, arg)

    return stepped


for _name in ("EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"):
    setattr(_Server, f"smtp_{_name}", _step(_name))


class _Controller(Controller):
    def factory(self):
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def open_mailbox(**options):
    """A mailbox behind a server of its own; `port` is where it listens. Options are aiosmtpd's."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    controller = _Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()

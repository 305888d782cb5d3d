"""A real mail server on loopback, for the tests of the post: it keeps letters, and refuses, delays, drops or takes twice as it is told."""

import asyncio
import socket
from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class Mailbox:
    """Takes letters; refuses some recipients for good or for now, hangs up after DATA for others, and answers steps as told."""

    def __init__(self):
        self.letters, self.refused, self.dropped, self.busy = [], set(), set(), set()
        self.answers, self.slow_seconds = {}, 0.0  # by step, MAIL, RCPT or DATA, what is said instead

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such mailbox"
        if address in self.busy:
            return "451 try again later"
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.slow_seconds)
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.letters.append((tuple(envelope.rcpt_tos), message_from_bytes(envelope.content, policy=policy.default)))
        if self.dropped & set(envelope.rcpt_tos):
            server.transport.close()
        return "250 OK"

    @property
    def recipients(self):
        return [recipients for recipients, _ in self.letters]


@contextmanager
def open_mailbox():
    """A mailbox behind a server of its own; `port` is where it listens."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()

"""A real mail server on loopback, for the tests of the post: it keeps letters, refuses recipients, hangs up on others."""

import socket
from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class Mailbox:
    """Takes letters; refuses some recipients, and hangs up after DATA for others."""

    def __init__(self):
        self.letters, self.refused, self.dropped = [], set(), set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
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

"""Knows one district's configuration file and the environment around it; leaves the plan itself to `rules`.

Two lines suffice: `inbox:` and `database:`. Everything else has a default.
"""

from zjtx_pipeline.settings.mail import PUBLIC_MAILBOXES, Alerts, Approver, Delivery, Recipient
from zjtx_pipeline.settings.mailboxes import May, folded, is_address, may_have, printable
from zjtx_pipeline.settings.model import Settings, home
from zjtx_pipeline.settings.office import Audience, Fonts, Holidays, Letterhead
from zjtx_pipeline.settings.reading import load_settings
from zjtx_pipeline.settings.service import Backup, Door
from zjtx_pipeline.settings.sources import Gateway, Interface

__all__ = [
    "PUBLIC_MAILBOXES", "Alerts", "Approver", "Audience", "Backup", "Delivery", "Door", "Fonts", "Gateway", "Holidays", "Interface", "Letterhead", "May",
    "Recipient", "Settings", "folded", "home", "is_address", "load_settings", "may_have", "printable",
]  # fmt: skip

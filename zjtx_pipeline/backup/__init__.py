"""Knows how an installation is kept in one file and made again from it; leaves when to the orchestrator and the shell.

    zjtx-20241229T190000Z.tar.gz
        zjtx-backup.json    whose, of when, by which program
        ledger.jsonl        the ledger where a database holds it
        home/               what cannot be made again: snapshots, revisions, reports, the ledger …
        district/           the configuration file and the fonts and seal that it names
        manifest.json       every file with its SHA-256 and size: what lacks it is no backup
"""

from zjtx_pipeline.backup.archive import Contents, examine
from zjtx_pipeline.backup.making import Made, back_up
from zjtx_pipeline.backup.restoring import Restored, restore

__all__ = ["Contents", "Made", "Restored", "back_up", "examine", "restore"]

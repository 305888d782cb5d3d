"""Knows the mark that all reports of one making bear, and that those made of other data, rules, templates or settings do not.

Leaves numbering to `revisions`: a revision's number is history, which a report that is to come out the same for ever cannot hold (decision 13);
its mark, kept beside the number, is content.
"""

from __future__ import annotations

import json
from functools import cache

from zjtx_pipeline import bundled, fonts, letterhead, store
from zjtx_pipeline.manifest import folder_digest
from zjtx_pipeline.stages.correcting import basis
from zjtx_pipeline.stages.run import Run

_LENGTH = 8
PRINTED = ("bureau", "town_ranks", "minimum_sum_firms")  # settings that reports show and no digest of the manifest holds


def mark(run: Run) -> str:
    """Eight digits over everything that a run's reports are made of but what was issued and ordered, which they say themselves."""
    shown = [getattr(run.settings, name) for name in PRINTED]
    made_of = [basis(run).record(), digests(run), shown, run.dated_on.isoformat()]
    return store.digest(json.dumps(made_of, ensure_ascii=False, sort_keys=True))[:_LENGTH]


def digests(run: Run) -> dict[str, str]:
    """What manifest.json names beside the sources: rules, suites, templates and what the office sets, each by its digest."""
    own = run.settings
    return {
        "rules": own.rules.digest,
        **_bundled(),
        "audience": own.audience.digest,
        "district": own.district_digest,
        **fonts.digests(own.fonts.named),
        **_letterhead(run),
    }


@cache
def _bundled() -> dict[str, str]:
    """What comes with the program, read once a process."""
    return {"suites": folder_digest(bundled.expectations()), "templates": folder_digest(bundled.report_templates())}


def _letterhead(run: Run) -> dict[str, str]:
    """The digest of what the office sets above and under its reports, where it does."""
    own = run.settings.letterhead
    named = [own.head, *(part for pair in sorted(own.numbers.items()) for part in pair), letterhead.seal(own.seal).sha256 if own.seal else ""]
    return {"letterhead": store.digest(*named)} if any(named) else {}

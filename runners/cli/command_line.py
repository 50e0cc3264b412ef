"""``evenpair``: the group of all commands."""

import cloup

from ... import __version__
from . import other_commands, phase_commands
from .measure import measure

_SECTIONS = (
    cloup.Section(
        "The job",
        [phase_commands.run, other_commands.demo],
    ),
    cloup.Section(
        "Its phases, one by one",
        [
            phase_commands.score,
            phase_commands.enrich,
            phase_commands.select,
            phase_commands.write,
            other_commands.report,
        ],
    ),
    cloup.Section(
        "Around it",
        [other_commands.download, other_commands.verify, other_commands.facts, measure],
    ),
)


@cloup.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    sections=_SECTIONS,
)
@cloup.version_option(__version__, prog_name="evenpair")
def evenpair() -> None:
    """Even out the information in image-text pairs before contrastive training.

    evenpair scores how much each caption tells of its image, has a captioning model enrich the
    captions that tell too little, drops the pairs that stay too uneven, and writes WebDataset
    shards. Options that Beam itself takes follow "--".

    \b
    Try it:   evenpair demo --out demo
    Then:     evenpair run 'shards/*.tar' --out RUN --captioner MODEL --keep-fraction 0.7
    """  # noqa: D301 - the escape is for click: these lines are not to be wrapped

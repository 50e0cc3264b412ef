"""Where the captioner lies that ships with evenpair."""

from pathlib import Path

DEMO = "demo"
"""The name by which the command line knows it."""


def demo_captioner_path() -> str:
    """Return the folder of the small captioner of drawn scenes."""
    return str(Path(__file__).parent / "demo_captioner")

"""How near the estimate of CLIP's tokens is to CLIP's tokeniser.

    pip install instant-clip-tokenizer
    python benchmarks/visible_tokens.py CAPTIONS.txt...

Each file holds a caption a line. Printed for each: the estimated tokens over the real ones, the
mean error of a caption, and the share of captions of which both say alike whether they are cut.
"""

import argparse
from pathlib import Path
from statistics import fmean

from instant_clip_tokenizer import Tokenizer

from evenpair.transforms.text.visible_text import CONTEXT_TOKENS, count_tokens


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("captions", type=Path, nargs="+")
    tokenizer = Tokenizer()
    room = CONTEXT_TOKENS - 2
    for path in arguments.parse_args().captions:
        captions = path.read_text(encoding="utf-8").splitlines()
        pairs = [(count_tokens(text), len(tokenizer.encode(text))) for text in captions]
        total = sum(guess for guess, _ in pairs) / sum(real for _, real in pairs)
        error = fmean(abs(guess - real) / real for guess, real in pairs if real)
        alike = fmean((guess > room) == (real > room) for guess, real in pairs)
        cut = sum(real > room for _, real in pairs)
        print(
            f"{path.name}: {total:.3f} of the tokens, {error:.1%} off, {alike:.2%} alike, {cut} cut"
        )


if __name__ == "__main__":
    main()

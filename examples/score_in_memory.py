"""What captions say and leave out, from Python: no shards, no run directory.

python examples/score_in_memory.py 'a large brown dog lies on a red rug' 'dog'
"""

import sys

import evenpair

captions = sys.argv[1:] or ["a large brown dog lies on a red rug", "dog", "IMG_0001.JPG"]
scores = evenpair.score_captions(captions)
for row, facts in zip(scores.to_pylist(), evenpair.read_facts(captions), strict=True):
    sparse = "sparse" if row["sparse"] else "full"
    names = ", ".join(facts.objects) or "nothing visible"
    print(f"{row['visible_bits']:6.1f} bits  {sparse:6}  {row['caption']}  ({names})")

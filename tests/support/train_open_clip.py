"""open_clip's own training command, with a model that is small enough for a test."""

import json
import sys
import tempfile
from pathlib import Path

import open_clip
from open_clip_train.main import main

TOWER = {"width": 64, "layers": 1}
CONFIG = {
    "embed_dim": 32,
    "vision_cfg": {**TOWER, "image_size": 32, "patch_size": 8, "head_width": 32},
    "text_cfg": {**TOWER, "context_length": 32, "vocab_size": 49408, "heads": 2},
}

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "tiny.json"
    path.write_text(json.dumps(CONFIG))
    open_clip.add_model_config(path)
main(["--model", "tiny", *sys.argv[1:]])

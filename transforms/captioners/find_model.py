"""The name of a model -> where it lies and which revision it is, before any work is done."""

import hashlib
import json
import os
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...models.load_captioner import DEMO, demo_captioner_path
from ...schemas.errors import EvenpairError, UsageError
from .families import family_of
from .wait_passively import wait_passively

INSTALL = "a captioner needs the caption extra: pip install 'evenpair[caption]'"

_NEEDED = ("torch", "torchvision", "transformers")
_CONFIG = "config.json"
_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model"]
"""What is fetched of a model: no pickles, no code."""

_SECONDS = 10.0
_SAMPLE_BYTES = 1 << 20


class ModelRole(StrEnum):
    """The role that an option gives to a model; its name is that of the option."""

    CAPTIONER = "captioner"
    SIMILARITY_MODEL = "similarity model"
    IMAGE_ENCODER = "image encoder"
    TEXT_ENCODER = "text encoder"

    @property
    def option(self) -> str:
        """The option that names the model: ``--image-encoder``."""
        return "--" + self.value.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that exists: what is recorded of it, and its configuration."""

    model: str
    revision: str
    path: str
    """A folder, or the model's id on the hub."""
    model_type: str

    @property
    def default_prompt(self) -> str:
        """What such a model is asked if nobody says."""
        return family_of(self.model_type).prompt


def find_model(
    model: str, path: str, revision: str = "", *, role: ModelRole = ModelRole.CAPTIONER
) -> FoundModel:
    """Find a model by its folder or its id on the hub; nothing large is fetched.

    What is in the hub's cache on this machine is taken from there. Raises UsageError, which calls
    the model by its ``role``, if the extra is not installed or there is no such model.
    """
    _require_extra()
    if os.path.isdir(path):
        return FoundModel(model, _digest(Path(path)), path, _type_of(Path(path), model, role))
    return _find_on_hub(model, path, revision, role)


def fetch_model(found: FoundModel) -> str:
    """Return the folder with the files of ``found``, fetched from the hub if need be.

    The shipped one lies wherever evenpair does, which may be elsewhere on a worker. Raises
    EvenpairError if the hub fails.
    """
    if found.model == DEMO:
        return demo_captioner_path()
    if os.path.isdir(found.path):
        return found.path
    from huggingface_hub import snapshot_download

    where: dict[str, Any] = {"revision": found.revision, "allow_patterns": _FILES}
    try:
        return str(snapshot_download(found.path, **where, local_files_only=True))
    except Exception:  # not all of it is in the cache
        pass
    try:
        return str(snapshot_download(found.path, **where))
    except Exception as error:  # the hub's client raises what its transport raises
        raise EvenpairError(f"model {found.model!r} could not be fetched from the hub") from error


def _require_extra() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"{INSTALL} (there is no {missing[0]})")


def require_captioner(found: FoundModel) -> None:
    """Raise UsageError if ``found`` is of a type that does not caption."""
    wait_passively()
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN,
    )

    if found.model_type not in KNOWN:
        raise UsageError(
            f"{found.model!r} cannot caption: it is a {found.model_type} model, and transformers "
            "knows none of these as an image-text-to-text model"
        )


def _type_of(folder: Path, model: str, role: ModelRole) -> str:
    try:
        config: Any = json.loads((folder / _CONFIG).read_text("utf-8"))
        return str(config["model_type"])
    except FileNotFoundError:
        raise UsageError(f"there is no {role} in {model}: it has no {_CONFIG}") from None
    except (ValueError, KeyError, TypeError) as error:
        said = f"its {_CONFIG} names no model_type"
        raise UsageError(f"there is no {role} in {model}: {said}") from error


def _digest(folder: Path) -> str:
    """Return what a local model is told from another by: its settings, and samples of its weights.

    Weights are sampled at both ends, for all of them would take minutes.
    """
    hashed = hashlib.blake2b(digest_size=16)
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.safetensors")]):
        size = path.stat().st_size
        hashed.update(f"{path.name}\0{size}\0".encode())
        with path.open("rb") as file:
            hashed.update(file.read(_SAMPLE_BYTES))
            file.seek(max(0, size - _SAMPLE_BYTES))
            hashed.update(file.read())
    return hashed.hexdigest()


def _find_on_hub(model: str, path: str, revision: str, role: ModelRole) -> FoundModel:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(path)
    except HFValidationError:
        raise UsageError(f"there is no {role} {model!r}: no such folder") from None
    cached = _cached_config(path, revision)
    folder = cached or _fetched_config(model, path, revision, role)
    return FoundModel(model, folder.name, path, _type_of(folder, model, role))


def _cached_config(path: str, revision: str) -> Path | None:
    """Return the folder of a model's configuration in the cache; its name is the revision."""
    from huggingface_hub import hf_hub_download

    where: dict[str, Any] = {"revision": revision or None, "local_files_only": True}
    try:
        return Path(hf_hub_download(path, _CONFIG, **where)).parent
    except Exception:  # whatever says that it is not there
        return None


def _fetched_config(model: str, path: str, revision: str, role: ModelRole) -> Path:
    """Ask the hub once, so that it is known at once whether there is such a model."""
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        info = HfApi().model_info(path, revision=revision or None, timeout=_SECONDS)
        names = {file.rfilename for file in info.siblings or ()}
        if not any(name.endswith(".safetensors") for name in names):
            raise UsageError(f"{role} {model!r} has no weights in safetensors, and no other load")
        return Path(hf_hub_download(path, _CONFIG, revision=info.sha)).parent
    except UsageError:
        raise
    except RevisionNotFoundError as error:
        raise UsageError(f"{role} {model!r} has no revision {revision!r}") from error
    except RepositoryNotFoundError as error:
        raise UsageError(
            f"there is no {role} {model!r}: no such folder, and the hub has no such public model"
        ) from error
    except Exception as error:  # see fetch_model
        raise UsageError(
            f"there is no {role} {model!r}: no such folder, nothing of that name in the hub's "
            "cache on this machine, and the hub cannot be reached"
        ) from error

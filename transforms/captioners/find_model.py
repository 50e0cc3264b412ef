"""Name of a model -> its location and revision, before any work is done."""

import hashlib
import json
import os
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...models.load_captioner import DEMO, demo_captioner_path
from ...schemas.errors import EvenpairError, UsageError, first_line
from .families import family_of
from .wait_passively import wait_passively

INSTALL = "a captioner needs the caption extra: pip install 'evenpair[caption]'"

_NEEDED = ("torch", "torchvision", "transformers")
_CONFIG = "config.json"
_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model"]
"""The files of a model that are fetched: neither pickles nor code."""

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
class ModelLocation:
    """A model that exists: its name and revision for the records, its place and its type."""

    name: str
    revision: str
    path: str
    """A folder, or the model's id on the hub."""
    model_type: str

    @property
    def default_prompt(self) -> str:
        """The prompt of the model's family."""
        return family_of(self.model_type).prompt


def find_model(
    name: str, folder: str = "", *, revision: str = "", role: ModelRole = ModelRole.CAPTIONER
) -> ModelLocation:
    """Find a model in a folder, by default ``name``, or on the hub by its id.

    Only the configuration is fetched, and the hub's cache on this machine comes first. Raises
    UsageError, with the model's ``role`` in the message, if there is no such model or the extra is
    not installed.
    """
    _require_extra()
    path = Path(folder or name)
    if os.path.isdir(path):
        _require_whole_weights(path, name, role)
        return ModelLocation(name, _digest(path), str(path), _type_of(path, name, role))
    return _find_on_hub(name, revision, role)


def fetch_model(location: ModelLocation) -> str:
    """Return the folder with the files of a model, fetched from the hub if need be.

    The path of the shipped model is looked up anew, for a worker may have evenpair in another
    place. Raises EvenpairError if the hub fails.
    """
    if location.name == DEMO:
        return demo_captioner_path()
    if os.path.isdir(location.path):
        return location.path
    from huggingface_hub import snapshot_download

    options: dict[str, Any] = {"revision": location.revision, "allow_patterns": _FILES}
    try:
        return str(snapshot_download(location.path, **options, local_files_only=True))
    except Exception:  # the cache lacks some of the files
        pass
    try:
        return str(snapshot_download(location.path, **options))
    except Exception as error:  # the hub's client raises any error of its transport
        raise EvenpairError(
            f"model {location.name!r} cannot be fetched from the hub; give the path of its folder"
        ) from error


def _require_extra() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"{INSTALL} ({missing[0]} is missing)")


def require_captioner(location: ModelLocation) -> None:
    """Raise UsageError if a model's type does not caption images."""
    wait_passively()
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN,
    )

    if location.model_type not in KNOWN:
        raise UsageError(
            f"{location.name!r} cannot caption images: its type, {location.model_type}, has no "
            "image-text-to-text model in transformers; choose another model"
        )


def _type_of(folder: Path, name: str, role: ModelRole) -> str:
    try:
        config: Any = json.loads((folder / _CONFIG).read_text("utf-8"))
        return str(config["model_type"])
    except FileNotFoundError:
        raise UsageError(f"there is no {role} in {name!r}: {_CONFIG} is missing") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"there is no {role} in {name!r}: {_CONFIG} does not name a model_type"
        ) from error


def _require_whole_weights(folder: Path, name: str, role: ModelRole) -> None:
    """Raise UsageError for a file of weights that is cut short or damaged, by its header."""
    from safetensors import SafetensorError, safe_open

    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, "np"):
                pass
        except (SafetensorError, OSError) as error:
            raise UsageError(
                f"{role} {name!r}: {path} is not a whole .safetensors file "
                f"({first_line(error)}): copy it again"
            ) from error


def _digest(folder: Path) -> str:
    """Return a hash that identifies a local model: of its settings and samples of its weights.

    The first and the last MiB of each file are hashed, for whole files would take minutes.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.safetensors")]):
        size = path.stat().st_size
        digest.update(f"{path.name}\0{size}\0".encode())
        with path.open("rb") as file:
            digest.update(file.read(_SAMPLE_BYTES))
            file.seek(max(0, size - _SAMPLE_BYTES))
            digest.update(file.read())
    return digest.hexdigest()


def _find_on_hub(name: str, revision: str, role: ModelRole) -> ModelLocation:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(name)
    except HFValidationError:
        raise UsageError(f"there is no {role} {name!r}: no folder has that name") from None
    folder = _cached_config(name, revision) or _fetch_config(name, revision, role)
    return ModelLocation(name, folder.name, name, _type_of(folder, name, role))


def _cached_config(name: str, revision: str) -> Path | None:
    """Return the folder of a model's configuration in the cache; its name is the revision."""
    from huggingface_hub import hf_hub_download

    options: dict[str, Any] = {"revision": revision or None, "local_files_only": True}
    try:
        return Path(hf_hub_download(name, _CONFIG, **options)).parent
    except Exception:  # it is not in the cache
        return None


def _fetch_config(name: str, revision: str, role: ModelRole) -> Path:
    """Return the folder of a model's configuration, fetched from the hub in one attempt."""
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        info = HfApi().model_info(name, revision=revision or None, timeout=_SECONDS)
        names = {file.rfilename for file in info.siblings or ()}
        if not any(name.endswith(".safetensors") for name in names):
            raise UsageError(
                f"{role} {name!r} has no weights in safetensors, the only format that is loaded"
            )
        return Path(hf_hub_download(name, _CONFIG, revision=info.sha)).parent
    except UsageError:
        raise
    except RevisionNotFoundError as error:
        raise UsageError(f"{role} {name!r} has no revision {revision!r}") from error
    except RepositoryNotFoundError as error:
        raise UsageError(
            f"there is no {role} {name!r}: neither a folder nor a public model of the hub"
        ) from error
    except Exception as error:  # see fetch_model
        raise UsageError(
            f"there is no {role} {name!r}: no folder and no model in this machine's cache of the "
            "hub has that name, and the hub cannot be reached"
        ) from error

"""The captioner that the options name: a model or a service, found before any work is done."""

import os
from dataclasses import dataclass

from ...models.load_captioner import DEMO, demo_captioner_path
from ...schemas.errors import UsageError
from ...schemas.phase import Phase
from ...transforms.captioners.captioner import Captioner, CaptionerId
from ...transforms.captioners.endpoint import EndpointCaptioner
from ...transforms.captioners.endpoint_service import Service, check_service, endpoint_urls
from ...transforms.captioners.families import CHAT_PROMPT
from ...transforms.captioners.find_model import find_model, require_captioner
from ...transforms.captioners.huggingface import LocalModel, load_captioner
from ..options.captioning_options import EnrichOptions, ServiceOptions
from ..runs.part import Part
from ..runs.record import plain_options
from ..runs.run import Run


@dataclass(frozen=True, slots=True)
class Chosen:
    """The captioner of a run: a model that workers load, or a service that they call."""

    by: LocalModel | Service

    @property
    def captioner_id(self) -> CaptionerId:
        """The identity that is recorded with every answer."""
        return self.by.captioner_id

    @property
    def is_service(self) -> bool:
        """Whether it is called over the network, with one limit for the whole run."""
        return isinstance(self.by, Service)

    def load(self) -> Captioner:
        """Load the captioner in the worker that will use it."""
        if isinstance(self.by, Service):
            return EndpointCaptioner(self.by)
        return load_captioner(self.by)

    def check(self) -> None:
        """Raise UsageError or EvenpairError if it cannot be used, before anything is done."""
        if isinstance(self.by, Service):
            check_service(self.by)
        else:
            require_captioner(self.by.location)


def choose_captioner(
    run: Run, options: EnrichOptions, service: ServiceOptions, part: Part
) -> Chosen | None:
    """Return the captioner that ``options`` name, None if they name none.

    A resumed run keeps the revision that it was started with, whichever is the hub's newest now.
    Raises UsageError if there is no such model.
    """
    if service.endpoint and not options.captioner:
        raise UsageError("--endpoint needs --captioner MODEL, the service's name for its model")
    if not options.captioner:
        return None
    if service.endpoint:
        return Chosen(_service(options, service, part))
    folder = demo_captioner_path() if options.captioner == DEMO else ""
    location = find_model(options.captioner, folder, revision=_revision(run, options))
    return Chosen(
        LocalModel(
            location,
            options.prompt or location.default_prompt,
            options.batch_size,
            options.max_new_tokens,
            device=part.number - 1,
            # Beam tells its workers to use one thread each; the one that captions may use all.
            threads=part.share(os.cpu_count() or 1),
        )
    )


def _revision(run: Run, options: EnrichOptions) -> str:
    """Return the revision to look for, empty for the newest."""
    is_resumed = run.record.changed_option(Phase.ENRICH, plain_options(options)) is None
    recorded = run.record.captioner if is_resumed else None
    return options.captioner_revision or (recorded.revision if recorded else "")


def _service(options: EnrichOptions, service: ServiceOptions, part: Part) -> Service:
    prompt = options.prompt or CHAT_PROMPT
    return Service(
        CaptionerId(options.captioner, options.captioner_revision, prompt),
        endpoint_urls(service.endpoint),
        part.share(service.concurrency),
        service.request_timeout,
        options.max_new_tokens,
    )

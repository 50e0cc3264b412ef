"""Who captions: the options -> a captioner that exists, checked before any work is done."""

import os
from dataclasses import dataclass

from ...models.load_captioner import DEMO, demo_captioner_path
from ...schemas.phase import Phase
from ...transforms.captioners.captioner import Asked, Captioner
from ...transforms.captioners.endpoint import EndpointCaptioner
from ...transforms.captioners.endpoint_service import Service, check_service, endpoint_urls
from ...transforms.captioners.families import CHAT_PROMPT
from ...transforms.captioners.find_model import find_model, require_captioner
from ...transforms.captioners.load_captioner import ChosenModel, load_captioner
from ..options.options import EnrichOptions, ServiceOptions
from ..runs.part import Part
from ..runs.record import changed_option, options_of
from ..runs.run import Run


@dataclass(frozen=True, slots=True)
class Chosen:
    """A captioner that was chosen: a model that is loaded, or a service that is asked."""

    by: ChosenModel | Service

    @property
    def asked(self) -> Asked:
        """What is recorded with every answer."""
        return self.by.asked

    @property
    def is_service(self) -> bool:
        """Whether it is asked over the network, with one limit for the whole run."""
        return isinstance(self.by, Service)

    def load(self) -> Captioner:
        """Load the captioner where it is to be used."""
        if isinstance(self.by, Service):
            return EndpointCaptioner(self.by)
        return load_captioner(self.by)

    def check(self) -> None:
        """Raise UsageError or EvenpairError if it cannot be used, before anything is done."""
        if isinstance(self.by, Service):
            check_service(self.by)
        else:
            require_captioner(self.by.found)


def choose_captioner(
    run: Run, options: EnrichOptions, service: ServiceOptions, part: Part
) -> Chosen:
    """Return the captioner that ``options`` name; ``demo`` is the shipped one.

    A run goes on with the revision that it began with, whatever the hub calls the newest now.
    Raises UsageError if there is none.
    """
    if service.endpoint:
        return Chosen(_service(options, service, part))
    path = demo_captioner_path() if options.captioner == DEMO else options.captioner
    begun = changed_option(run.record, Phase.ENRICH, options_of(options)) is None
    earlier = run.record.get("asked", {}).get("revision", "") if begun else ""
    found = find_model(options.captioner, path, options.captioner_revision or earlier)
    return Chosen(
        ChosenModel(
            found,
            options.prompt or found.default_prompt,
            options.batch_size,
            options.max_new_tokens,
            device=part.number - 1,
            # Beam's workers are told to use one thread each; the one that captions has them all.
            threads=part.share(os.cpu_count() or 1),
        )
    )


def _service(options: EnrichOptions, service: ServiceOptions, part: Part) -> Service:
    prompt = options.prompt or CHAT_PROMPT
    return Service(
        Asked(options.captioner, options.captioner_revision, prompt),
        endpoint_urls(service.endpoint),
        part.share(service.concurrency),
        service.request_timeout,
        options.max_new_tokens,
    )

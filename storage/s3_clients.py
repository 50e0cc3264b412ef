"""One connection pool for all of Beam's access to S3.

Beam makes a new client for every look at a path, and boto3 reads its description of S3 anew for
each: a tenth of a second of processor time before anything is asked.
"""

from functools import cache
from typing import Any

_OPTIONS = (
    "s3_access_key_id",
    "s3_secret_access_key",
    "s3_session_token",
    "s3_endpoint_url",
    "s3_disable_ssl",
    "s3_region_name",
    "s3_api_version",
    "s3_verify",
)


@cache
def share_clients() -> None:
    """Let Beam's S3 clients with the same options share one of boto3's, which threads can."""
    from apache_beam.io.aws.clients.s3 import boto3_client
    from apache_beam.options.pipeline_options import S3Options

    class SharedClient(boto3_client.Client):
        """Beam's client: a stream of its own, and the connections of all."""

        def __init__(self, options: Any) -> None:  # noqa: ANN401 - Beam ships no types
            given = options.view_as(S3Options)
            self.client = connect(tuple(getattr(given, name) for name in _OPTIONS))
            self._download_request = None
            self._download_stream = None
            self._download_pos = 0

    @cache
    def connect(values: tuple[object, ...]) -> Any:  # noqa: ANN401 - Beam ships no types
        return made(dict(zip(_OPTIONS, values, strict=True))).client

    made = boto3_client.Client
    boto3_client.Client = SharedClient

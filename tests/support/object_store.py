"""A server that speaks S3 on loopback, and counts what is fetched from it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

Start = Callable[..., Any]


class _Silent(WSGIRequestHandler):
    def log(self, *_arguments: object) -> None:
        pass


class ObjectStore:
    """The server, with a bucket; ``on_upload`` is called before a part of an object is taken."""

    bucket = "bucket"

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            "127.0.0.1", 0, self._count, threaded=True, request_handler=_Silent
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.sent: Counter[str] = Counter()
        self.on_upload: Callable[[str], None] = lambda _path: None
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
        )
        self.client.create_bucket(Bucket=self.bucket)

    @property
    def beam_options(self) -> tuple[str, ...]:
        """What follows ``--`` on the command line."""
        return (
            f"--s3_endpoint_url={self.url}",
            "--s3_access_key_id=test",
            "--s3_secret_access_key=test",
            "--s3_region_name=us-east-1",
        )

    def _count(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer a request; of an answer that is cut off, what was promised counts."""
        path = environ["PATH_INFO"].removeprefix(f"/{self.bucket}/")
        if environ["REQUEST_METHOD"] == "PUT" and "partNumber" in environ["QUERY_STRING"]:
            self.on_upload(path)

        def counting(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if environ["REQUEST_METHOD"] == "GET":
                self.sent[path] += int(dict(headers).get("Content-Length", 0))
            return start(status, headers, *more)

        return self._app(environ, counting)

    def put(self, folder: Path, prefix: str) -> None:
        """Upload the files of a folder."""
        for path in folder.iterdir():
            self.client.upload_file(str(path), self.bucket, f"{prefix}/{path.name}")

    def names(self, prefix: str) -> list[str]:
        """Return the names of the objects below ``prefix``."""
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix + "/")
        return [entry["Key"].removeprefix(prefix + "/") for entry in found.get("Contents", [])]

    def tree(self, prefix: str) -> dict[str, bytes]:
        """Return the objects below ``prefix`` by their names there."""
        get = self.client.get_object
        return {
            name: get(Bucket=self.bucket, Key=f"{prefix}/{name}")["Body"].read()
            for name in self.names(prefix)
        }

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.client.close()

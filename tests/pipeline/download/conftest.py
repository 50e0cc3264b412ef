"""What every test of downloads needs: the extra, and a fresh urllib."""

import pytest

from ...support.downloads import forget_opener
from ...support.image_server import serve_images


@pytest.fixture(autouse=True)
def fresh_urllib(monkeypatch):
    forget_opener(monkeypatch)


@pytest.fixture
def server():
    with serve_images() as images:
        yield images

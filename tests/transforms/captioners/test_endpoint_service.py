"""A captioning service before any work: its addresses, its key and its models."""

import socket

import pytest
from PIL import Image

from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.transforms.captioners.captioner import Asked
from evenpair.transforms.captioners.endpoint import EndpointCaptioner
from evenpair.transforms.captioners.endpoint_service import (
    KEY,
    Service,
    check_service,
    endpoint_urls,
)

from ...support.messages import raises_naming
from ...support.services import serve

ASKED = Asked("m", "", "Describe this image.")


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY, raising=False)


def check(*services):
    check_service(Service(ASKED, tuple(service.url for service in services)))


@pytest.fixture
def caption():
    """Return a function that has a service caption an image."""

    def caption(service):
        captioner = EndpointCaptioner(Service(ASKED, (service.url,), requests=4, seconds=30))
        [answer] = captioner.caption(captioner.prepare([Image.new("RGB", (7, 5))]))
        return answer.text

    return caption


class TestKey:
    def test_it_is_sent_and_appears_in_no_message(self, monkeypatch, caption):
        monkeypatch.setenv(KEY, "sk-secret")
        with serve(plans=[None, (403, b'{"error": "no"}', {})]) as service:
            assert caption(service) == "7 x 5"
            with raises_naming(EvenpairError, service.url, 403, KEY) as raised:
                caption(service)
        assert service.keys == ["Bearer sk-secret"] * 2
        assert "sk-secret" not in repr((raised.value, raised.value.__cause__))

    def test_a_netrc_file_is_ignored(self, monkeypatch, tmp_path, caption):
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        with serve() as service:
            assert caption(service) == "7 x 5"
        assert service.keys == [None]


class TestCheckService:
    def test_a_model_that_the_service_lists_is_accepted(self):
        with serve() as service:
            check(service)
        assert service.lists == 1

    def test_a_model_that_the_service_lacks_is_refused_with_those_it_has(self):
        models = (200, {"data": [{"id": "other"}]}, {})
        with (
            serve(models=models) as service,
            raises_naming(UsageError, service.url, "'m'", "other"),
        ):
            check(service)

    @pytest.mark.parametrize("models", [(404, {}, {}), (200, {}, {}), (200, [], {})])
    def test_a_service_without_a_list_of_models_is_accepted(self, models):
        with serve(models=models) as service:
            check(service)
        assert service.lists == 1

    def test_a_missing_key_is_named(self):
        with serve(models=(401, {}, {})) as service, raises_naming(UsageError, 401, KEY):
            check(service)

    def test_one_of_two_endpoints_is_enough(self):
        with serve() as gone:
            pass
        with serve() as there:
            check(gone, there)
        assert (gone.lists, there.lists) == (0, 1)

    def test_an_endpoint_that_does_not_answer_is_named(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
            with raises_naming(EvenpairError, url):
                check_service(Service(ASKED, (url,)))


class TestUrls:
    @pytest.mark.parametrize(
        ("address", "url"),
        [
            ("http://host:8000", "http://host:8000/v1"),
            ("http://host:8000/", "http://host:8000/v1"),
            ("https://host/v1/", "https://host/v1"),
            ("https://host/api/v3/chat/completions", "https://host/api/v3"),
        ],
    )
    def test_an_address_becomes_the_base_of_the_interface(self, address, url):
        assert endpoint_urls([address, address]) == (url,)

    @pytest.mark.parametrize("address", ["host:8000", "ftp://host", "http://", "/v1"])
    def test_other_addresses_are_refused(self, address):
        with raises_naming(UsageError, address):
            endpoint_urls([address])

    @pytest.mark.parametrize("address", ["http://me:sesame@host", "http://host/v1?key=sesame"])
    def test_an_address_with_a_secret_is_refused_without_showing_it(self, address):
        with raises_naming(UsageError, KEY) as raised:
            endpoint_urls([address])
        assert "sesame" not in str(raised.value)

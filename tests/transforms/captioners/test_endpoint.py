"""A captioning service on loopback, with all that can go wrong with one."""

import json
import socket

import pytest
from PIL import Image

from evenpair.schemas.errors import EvenpairError
from evenpair.schemas.fault import Fault
from evenpair.transforms.captioners.answer_images import answer_images
from evenpair.transforms.captioners.captioner import Answer, Asked
from evenpair.transforms.captioners.endpoint import EndpointCaptioner
from evenpair.transforms.captioners.endpoint_pool import EndpointPool
from evenpair.transforms.captioners.endpoint_service import KEY, Service

from ...support.fake_captioner import images, texts
from ...support.messages import raises_naming
from ...support.services import serve

ASKED = Asked("m", "", "Describe this image.")
ERROR = json.dumps({"error": {"message": "the engine\n has died"}}).encode()


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY, raising=False)


def make(*services, **options):
    urls = tuple(getattr(service, "url", service) for service in services)
    plain = {"requests": 4, "seconds": 0.5, "first_pause": 0.01}
    return EndpointCaptioner(Service(ASKED, urls, **{**plain, **options}))


def ask(captioner, width=7):
    [answer] = captioner.caption(captioner.prepare([Image.new("RGB", (width, 5))]))
    return answer


def test_a_request_has_model_prompt_image_and_limit():
    with serve() as service:
        assert ask(make(service, max_new_tokens=33)) == Answer("7 x 5", is_cut=False)
    [asked] = service.asked
    assert (asked["model"], asked["max_tokens"], asked["temperature"]) == ("m", 33, 0)
    assert asked["messages"][0]["content"][1] == {"type": "text", "text": "Describe this image."}
    assert service.keys == [None]


@pytest.mark.parametrize(
    "plan",
    [
        (500, ERROR, {}),
        (502, b"<html>", {}),
        (503, b"", {}),
        (408, b"", {}),
        (200, b"{", {}),
        (200, b"[]", {}),
        (200, b'{"choices": []}', {}),
        (200, b"\xff\xfe", {}),
        "close",
        "break off",
        "dribble",
        "hang",
    ],
)
def test_a_passing_failure_is_retried(plan):
    with serve(plans=[plan]) as service:
        assert ask(make(service)) == Answer("7 x 5", is_cut=False)
    assert len(service.asked) == 2


def test_the_pause_that_a_service_requests_is_kept():
    with serve(plans=[(429, ERROR, {"Retry-After": "0.3"})]) as service:
        ask(make(service))
    first, second = service.times
    assert second - first >= 0.3


def test_too_many_requests_is_retried_many_times():
    with serve(plans=[(429, b"", {"Retry-After": "0.01"})] * 9) as service:
        assert ask(make(service)).text == "7 x 5"


def test_images_that_the_service_fails_on_get_faults_and_the_others_answers():
    plans = {3: (400, ERROR, {}), 4: (500, ERROR, {}), 5: (200, b"no", {})}
    with serve(by_width=plans) as service:
        [window] = answer_images(images(range(1, 9)), make(service))
    faults = {key: answer.fault for key, answer in window if answer.fault}
    assert faults == dict.fromkeys(["k2", "k3", "k4"], Fault.MODEL_FAILED)
    assert len(window) == 8
    assert sum(asked["width"] == 4 for asked in service.asked) == 5


def test_an_image_that_the_service_refuses_gets_a_fault_of_its_own():
    body = json.dumps({"error": {"code": "content_policy_violation", "message": "no"}}).encode()
    with serve(plans=[(400, body, {})]) as service:
        assert ask(make(service)) == Answer(None, Fault.REFUSED)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("plan", "named"),
    [
        ((500, ERROR, {}), [500, "the engine has died"]),
        ("close", []),
        ((401, b"", {}), [401, KEY]),
        ((404, b'{"message": "no such model"}', {}), [404, "no such model"]),
        ((301, b"", {"Location": "http://elsewhere.invalid"}), [301]),
    ],
)
def test_a_service_that_fails_for_good_is_named_with_its_reply(plan, named):
    with serve(plans=[plan] * 1000) as service:
        captioner = make(service)
        with raises_naming(EvenpairError, service.url, *named) as raised:
            list(answer_images(images(range(1, 30)), captioner))
    assert raised.value.exit_status == 1
    assert len(service.asked) < 30


def test_a_service_that_refuses_every_image_is_an_error():
    with (
        serve(plans=[(400, ERROR, {})] * 1000) as service,
        raises_naming(EvenpairError, 400, "the engine"),
    ):
        list(answer_images(images(range(1, 40)), make(service)))


def test_an_endpoint_without_a_server_is_named():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with raises_naming(EvenpairError, url):
            ask(make(url))


def test_the_limit_of_requests_holds_over_all_endpoints():
    with serve(seconds=0.02) as one, serve(seconds=0.02) as other:
        windows = texts(answer_images(images(range(1, 41)), make(one, other, requests=6)))
    captions = {key: text for window in windows for key, text in window.items()}
    assert captions == {f"k{at}": f"{at + 1} x 1" for at in range(40)}
    assert max(one.most_at_work, other.most_at_work) <= 6
    shares = [len(one.asked), len(other.asked)]
    assert sum(shares) == 40
    assert min(shares) > 5


def test_the_others_take_over_from_an_endpoint_that_is_gone():
    with serve() as gone:
        pass
    with serve() as there:
        windows = texts(answer_images(images(range(1, 21)), make(gone, there)))
    assert sum(len(window) for window in windows) == 20
    assert len(there.asked) == 20


def test_a_closed_pool_raises_in_every_thread():
    pool = EndpointPool(["a"], first_pause=60)
    with pool.endpoint() as endpoint:
        pool.failed(endpoint)
    pool.close(EvenpairError("over"))
    pool.wait(5)
    with pytest.raises(EvenpairError, match="over"), pool.endpoint():
        pass

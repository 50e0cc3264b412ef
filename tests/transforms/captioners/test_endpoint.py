"""A service that captions, on loopback, with everything that can be wrong with one."""

import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from PIL import Image

from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.schemas.fault import Fault
from evenpair.transforms.captioners.answer_images import answer_images
from evenpair.transforms.captioners.captioner import Answer, Asked
from evenpair.transforms.captioners.endpoint import EndpointCaptioner
from evenpair.transforms.captioners.endpoint_pool import EndpointPool
from evenpair.transforms.captioners.endpoint_reply import Reply, complaint, pause_of, read_answer
from evenpair.transforms.captioners.endpoint_service import (
    KEY,
    Service,
    check_service,
    endpoint_urls,
)

from ...support.services import completion, serve
from .test_answer_images import images, texts

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


def test_what_is_asked_and_what_is_answered():
    with serve() as service:
        assert ask(make(service, max_new_tokens=33)) == Answer("7 x 5", is_cut=False)
    [asked] = service.asked
    assert (asked["model"], asked["max_tokens"], asked["temperature"]) == ("m", 33, 0)
    assert asked["messages"][0]["content"][1] == {"type": "text", "text": "Describe this image."}
    assert service.keys == [None]


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (completion("a dog", "length"), Answer("a dog", is_cut=True)),
        (completion("a dog", None), Answer("a dog", is_cut=None)),
        (completion(""), Answer("", is_cut=False)),
        (completion(None), Answer("", is_cut=False)),
        (completion([{"type": "text", "text": "a dog"}]), Answer("a dog", is_cut=False)),
        (completion("", "content_filter"), Answer(None, Fault.REFUSED)),
        (completion(None, refusal="I will not"), Answer(None, Fault.REFUSED)),
    ],
)
def test_answers(reply, answer):
    assert read_answer(Reply(200, reply)) == answer


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
def test_what_passes_is_tried_again(plan):
    with serve(plans=[plan]) as service:
        assert ask(make(service)) == Answer("7 x 5", is_cut=False)
    assert len(service.asked) == 2


def test_an_endpoint_is_left_alone_for_as_long_as_it_asks():
    with serve(plans=[(429, ERROR, {"Retry-After": "0.3"})]) as service:
        ask(make(service))
    first, second = service.times
    assert second - first >= 0.3


def test_too_many_requests_may_be_said_often():
    with serve(plans=[(429, b"", {"Retry-After": "0.01"})] * 9) as service:
        assert ask(make(service)).text == "7 x 5"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("2", 2.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("86400", 300.0),
        (format_datetime(datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=9)), 9.0),
        (format_datetime(datetime(2029, 1, 1, tzinfo=UTC)), 0.0),
    ],
)
def test_retry_after(header, seconds):
    assert pause_of(header, datetime(2030, 1, 1, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(500, ERROR), "HTTP 500: the engine has died"),
        (Reply(500, b'{"detail": "no"}'), "HTTP 500: no"),
        (Reply(500, b'{"error": "no"}'), "HTTP 500: no"),
        (Reply(500, b"<html>"), "HTTP 500"),
        (Reply(500, b"{}"), "HTTP 500"),
    ],
)
def test_a_complaint_is_one_line(reply, said):
    assert complaint(reply) == said


def test_an_image_that_the_service_cannot_bear_costs_itself():
    plans = {3: (400, ERROR, {}), 4: (500, ERROR, {}), 5: (200, b"no", {})}
    with serve(by_width=plans) as service:
        [window] = answer_images(images(range(1, 9)), make(service))
    faults = {key: answer.fault for key, answer in window if answer.fault}
    assert faults == dict.fromkeys(["k2", "k3", "k4"], Fault.MODEL_FAILED)
    assert len(window) == 8
    assert sum(asked["width"] == 4 for asked in service.asked) == 5


def test_an_image_that_the_service_refuses_is_told_apart():
    body = json.dumps({"error": {"code": "content_policy_violation", "message": "no"}}).encode()
    with serve(plans=[(400, body, {})]) as service:
        assert ask(make(service)) == Answer(None, Fault.REFUSED)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ((500, ERROR, {}), r"HTTP 500: the engine has died, again and again$"),
        ("close", r"no connection, again and again$"),
        ((401, b"", {}), rf"HTTP 401 \({KEY} is not set\)$"),
        ((404, b'{"message": "no such model"}', {}), r"HTTP 404: no such model$"),
        ((301, b"", {"Location": "http://elsewhere.invalid"}), r"HTTP 301$"),
    ],
)
def test_a_service_that_fails_for_good(plan, message):
    with serve(plans=[plan] * 1000) as service:
        captioner = make(service)
        with pytest.raises(EvenpairError, match=r"^the captioning service fails: http") as raised:
            list(answer_images(images(range(1, 30)), captioner))
    assert raised.match(message)
    assert raised.value.exit_status == 1
    assert len(service.asked) < 30


def test_every_image_refused_is_a_fault_of_the_service():
    said = r"fails whatever it is asked: HTTP 400: the engine"
    with (
        serve(plans=[(400, ERROR, {})] * 1000) as service,
        pytest.raises(EvenpairError, match=said),
    ):
        list(answer_images(images(range(1, 40)), make(service)))


def test_nobody_is_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(EvenpairError, match=r"/v1: no connection, again and again$"):
            ask(make(url))
        with pytest.raises(EvenpairError, match=r"/v1: no connection$"):
            check_service(Service(ASKED, (url,)))


def test_the_limit_holds_over_all_endpoints():
    with serve(seconds=0.02) as one, serve(seconds=0.02) as other:
        windows = texts(answer_images(images(range(1, 41)), make(one, other, requests=6)))
    said = {key: text for window in windows for key, text in window.items()}
    assert said == {f"k{at}": f"{at + 1} x 1" for at in range(40)}
    assert max(one.most_at_work, other.most_at_work) <= 6
    shares = {len(one.asked), len(other.asked)}
    assert sum(shares) == 40 or shares == {20}
    assert min(shares) > 5


def test_an_endpoint_that_is_gone_leaves_its_share_to_the_others():
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


class TestKey:
    def test_it_is_sent_and_told_to_nobody(self, monkeypatch):
        monkeypatch.setenv(KEY, "sk-secret")
        with serve(plans=[None, (403, b'{"error": "no"}', {})]) as service:
            captioner = make(service, seconds=30)
            ask(captioner)
            with pytest.raises(EvenpairError, match=rf"HTTP 403: no \({KEY} is refused\)") as said:
                ask(captioner)
        assert service.keys == ["Bearer sk-secret"] * 2
        assert "sk-secret" not in repr((said.value, said.value.__cause__, captioner.asked))

    def test_what_this_machine_knows_of_the_host_is_not_sent(self, monkeypatch, tmp_path):
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        with serve() as service:
            ask(make(service, seconds=30))
        assert service.keys == [None]


class TestCheckService:
    def test_a_model_that_is_there(self):
        with serve() as service:
            check_service(Service(ASKED, (service.url,)))

    def test_a_model_that_is_not(self):
        models = (200, {"data": [{"id": "other"}]}, {})
        said = r"/v1 has no model 'm'; it has other$"
        with serve(models=models) as service, pytest.raises(UsageError, match=said):
            check_service(Service(ASKED, (service.url,)))

    @pytest.mark.parametrize("models", [(404, {}, {}), (200, {}, {}), (200, [], {})])
    def test_a_service_without_a_list_is_believed(self, models):
        with serve(models=models) as service:
            check_service(Service(ASKED, (service.url,)))

    def test_a_key_that_is_missing(self):
        said = rf"HTTP 401 \({KEY} is not set\)$"
        with serve(models=(401, {}, {})) as service, pytest.raises(UsageError, match=said):
            check_service(Service(ASKED, (service.url,)))

    def test_one_endpoint_is_enough(self):
        with serve() as gone:
            pass
        with serve() as there:
            check_service(Service(ASKED, (gone.url, there.url)))


class TestUrls:
    @pytest.mark.parametrize(
        ("given", "url"),
        [
            ("http://host:8000", "http://host:8000/v1"),
            ("http://host:8000/", "http://host:8000/v1"),
            ("https://host/v1/", "https://host/v1"),
            ("https://host/api/v3/chat/completions", "https://host/api/v3"),
        ],
    )
    def test_an_address(self, given, url):
        assert endpoint_urls([given, given]) == (url,)

    @pytest.mark.parametrize("given", ["host:8000", "ftp://host", "http://", "/v1"])
    def test_no_address(self, given):
        with pytest.raises(UsageError, match=r" is no address such as "):
            endpoint_urls([given])

    @pytest.mark.parametrize("given", ["http://me:sesame@host", "http://host/v1?key=sesame"])
    def test_a_secret(self, given):
        with pytest.raises(UsageError, match=r"must hold no secret") as raised:
            endpoint_urls([given])
        assert "sesame" not in str(raised.value)

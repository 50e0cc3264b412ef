"""Captioning services that echo keys, stall, and fail on everything."""

import json

import pyarrow.parquet as pq
import pytest
from PIL import Image

from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.transforms.captioners.captioner import Answer, CaptionerId
from evenpair.transforms.captioners.endpoint import EndpointCaptioner
from evenpair.transforms.captioners.endpoint_service import Service, check_service
from evenpair.transforms.captioners.service_key import KEY

from ..support.commands import call
from ..support.messages import assert_refused, raises_naming
from ..support.services import DRIPS, completion, serve
from ..support.shards import MadePair, tree_bytes, write_source

ME = CaptionerId("m", "", "Describe this image.")
ONE = ("--workers", "1")
SECRET = "sk-se/cret-0123"
ESCAPED = json.dumps({"error": {"message": f"no key {SECRET}"}}).replace("/", "\\/")


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY, raising=False)


def service_at(url, **options):
    plain = {"requests": 4, "seconds": 10.0, "first_pause": 0.01}
    return Service(ME, (url,), **{**plain, **options})


def ask(captioner):
    [answer] = captioner.caption(captioner.prepare([Image.new("RGB", (7, 5))]))
    return answer


def scored(folder, pairs=4, shards=1):
    """A run whose pairs are all sparse, with its scores."""
    for shard in range(shards):
        some = [MadePair(10 * shard + n, "a dog") for n in range(pairs)]
        write_source(folder / "in" / f"{shard}.tar", some)
    run = folder / "run"
    options = ("--statistics", "prior", "--enrich-below", "1", *ONE)
    assert call("score", folder / "in", "--out", run, *options).status == 0
    return run


def enrich(run, service, *options):
    return call("enrich", run, "--captioner", "m", "--endpoint", service.url, *ONE, *options)


class TestKeys:
    @pytest.mark.parametrize("around", ["{}\n", "  {}", "{}\r\n"])
    def test_white_space_around_a_key_is_removed(self, around, monkeypatch):
        monkeypatch.setenv(KEY, around.format(SECRET))
        with serve() as service:
            assert ask(EndpointCaptioner(service_at(service.url))).text == "7 x 5"
        assert service.keys == [f"Bearer {SECRET}"]

    @pytest.mark.parametrize("key", ["sk-se\ncret", "sk-se\rcret", "sk-ключ", "sk-se\x1bcret"])
    def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(
        self, key, monkeypatch, tmp_path
    ):
        run = scored(tmp_path)
        monkeypatch.setenv(KEY, key)
        with serve() as service:
            answer = enrich(run, service)
            with raises_naming(UsageError, KEY) as raised:
                ask(EndpointCaptioner(service_at(service.url)))
        assert_refused(answer, KEY)
        assert "sk-" not in answer.err + str(raised.value)
        assert (service.asked, service.lists) == ([], 0)

    @pytest.mark.parametrize("status", [400, 403, 500])
    def test_an_error_that_echoes_the_key(self, status, monkeypatch):
        monkeypatch.setenv(KEY, SECRET)
        plans = [(status, ESCAPED.encode(), {})] * 9
        with serve(plans=plans) as service, pytest.raises((EvenpairError, ValueError)) as raised:
            ask(EndpointCaptioner(service_at(service.url)))
        assert "no key ***" in str(raised.value)
        assert "cret" not in str(raised.value)

    def test_models_that_echo_the_key(self, monkeypatch):
        monkeypatch.setenv(KEY, SECRET)
        with (
            serve(models=(200, {"data": [{"id": f"model-{SECRET}"}]}, {})) as service,
            raises_naming(UsageError, "model-***") as raised,
        ):
            check_service(service_at(service.url))
        assert "cret" not in str(raised.value)

    def test_answers_that_echo_the_key_are_kept_without_it(self, monkeypatch, tmp_path):
        monkeypatch.setenv(KEY, SECRET)
        run = scored(tmp_path)
        echo = completion(f"A dog near {SECRET} on a rug.").replace(b"/", b"\\u002f")
        with serve(by_width={8: (200, echo, {})}) as service:
            assert enrich(run, service).status == 0
        assert call("select", run, *ONE).status == 0
        assert call("write", run, *ONE).status == 0
        tables = {path: str(pq.read_table(path).to_pylist()) for path in run.rglob("*.parquet")}
        contents = [*tables.values(), *map(str, tree_bytes(run).values())]
        assert [text for text in contents if "cret-0123" in text] == []
        assert "near *** on" in tables[run / "answers" / "0.parquet"]

    def test_a_placeholder_is_a_word_like_any_other(self, monkeypatch):
        monkeypatch.setenv(KEY, "EMPTY")
        plan = (200, completion("An EMPTY chair."), {})
        with serve(plans=[plan]) as service:
            answer = ask(EndpointCaptioner(service_at(service.url)))
        assert answer == Answer("An EMPTY chair.", is_cut=False)


class TestDeadline:
    @pytest.mark.parametrize("drip", DRIPS)
    def test_no_reply_outlives_it(self, drip):
        with serve(plans=[drip] * 99) as service, raises_naming(EvenpairError, service.url):
            ask(EndpointCaptioner(service_at(service.url, seconds=0.2)))
        assert (len(service.asked), service.waited_for) == (5, 0)

    @pytest.mark.parametrize("drip", DRIPS)
    def test_the_next_attempt_is_not_affected(self, drip):
        with serve(plans=[None, drip, None]) as service:
            captioner = EndpointCaptioner(service_at(service.url, seconds=0.3))
            assert [ask(captioner).text for _ in range(2)] == ["7 x 5"] * 2
        assert (len(service.asked), service.waited_for) == (3, 0)

    def test_a_handshake_does_not_outlive_it(self):
        with serve(greeting=b"\x16\x03\x03\x3f\xff") as service:
            url = service.url.replace("http:", "https:")
            with raises_naming(EvenpairError, url):
                ask(EndpointCaptioner(service_at(url, seconds=0.2)))
        assert service.waited_for == 0

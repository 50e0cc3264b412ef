"""Captioning services that echo keys, stall, and fail on everything."""

import json
import shutil

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


@pytest.fixture(scope="module")
def originals():
    """Runs with scores, by their numbers of pairs."""
    return {}


@pytest.fixture
def scored(originals, tmp_path_factory, tmp_path):
    """Return a function that makes a run with scores, of two shards whose pairs are all sparse."""

    def make(pairs=2):
        if pairs not in originals:
            folder = originals[pairs] = tmp_path_factory.mktemp("scored")
            for shard in range(2):
                some = [MadePair(100 * shard + n, "a dog") for n in range(pairs)]
                write_source(folder / "in" / f"{shard}.tar", some)
            options = ("--statistics", "prior", "--enrich-below", "1", *ONE)
            made = call("score", folder / "in", "--out", folder / "run", *options)
            assert made.status == 0
        return shutil.copytree(originals[pairs] / "run", tmp_path / "run", dirs_exist_ok=True)

    return make


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
        self, key, monkeypatch, scored
    ):
        run = scored()
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

    def test_answers_that_echo_the_key_are_kept_without_it(self, monkeypatch, scored):
        monkeypatch.setenv(KEY, SECRET)
        run = scored()
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


DEEP = b"[" * 50_000 + b"]" * 50_000
DEAD = json.dumps({"error": {"message": "no\x1b[2J such engine"}}).encode()
ODD = completion("A dog on a red rug.").replace(b'"stop"', b"[]")


class TestFailuresAreTold:
    @pytest.mark.parametrize(
        ("plan", "words", "pairs"),
        [
            ((400, DEAD, {}), "such engine", 3),
            ((400, DEAD, {}), "such engine", 20),
            ((400, DEEP, {}), "400", 3),
            ((200, completion(None, refusal="no"), {}), "refused", 3),
        ],
    )
    def test_a_service_that_answers_nothing(self, plan, words, pairs, scored):
        run = scored(pairs)
        with serve(by_width={8: plan}) as service:
            answer = enrich(run, service, "--concurrency", "1")
        assert_refused(answer, "m", words, status=1)
        assert answer.err.replace("\n", "").isprintable()

    def test_replies_that_are_nested_deeply(self):
        with (
            serve(by_width={7: (200, DEEP, {})}) as service,
            raises_naming(EvenpairError, service.url, "not a chat completion"),
        ):
            ask(EndpointCaptioner(service_at(service.url)))

    def test_a_pilot_too(self, scored):
        run = scored()
        with serve(by_width={8: (400, DEAD, {})}) as service:
            answer = enrich(run, service, "--pilot", "2")
        assert answer.status == 1
        assert "such engine" in answer.err
        assert "model-failed: 2" in answer.out

    def test_a_finish_reason_of_another_type_is_no_fault(self, scored):
        run = scored()
        with serve(by_width={8: (200, ODD, {})}) as service:
            answer = enrich(run, service)
        assert answer.status == 0
        assert "generated captions: 4, faults: 0" in answer.out

    def test_a_list_of_models_that_is_nested_deeply(self):
        models = json.loads("[" * 200 + "]" * 200)
        with serve(models=(200, models, {})) as service:
            check_service(service_at(service.url))

    def test_a_share_of_faults_above_the_limit(self, scored):
        run = scored()
        good, bad = (200, ODD, {}), (400, DEAD, {})
        with serve(plans=[bad, good, bad, bad]) as service:
            answer = enrich(run, service, "--concurrency", "1")
            assert_refused(answer, "3 of 4", "model-failed 3", "--max-fault-share", status=1)
            assert len(service.asked) == 4
            service.by_width[8] = good
            again = enrich(run, service, "--concurrency", "1")
            assert len(service.asked) == 7  # what was answered is kept, the others are retried
        assert again.status == 0
        assert "generated captions: 4, faults: 0" in again.out

    def test_a_share_of_faults_below_the_limit_is_counted(self, scored):
        run = scored()
        plans = [(400, DEAD, {}), (200, completion(None, refusal="no"), {})]
        good = (200, ODD, {})
        with serve(plans=[*plans, good, good]) as service:
            answer = enrich(run, service, "--concurrency", "1")
        assert answer.status == 0
        assert answer.out.splitlines()[:3] == [
            "generated captions: 2, faults: 2",
            "  model-failed: 1",
            "  refused: 1",
        ]
        assert call("select", run, *ONE).status == 0
        assert "  refused: 1\n" in call("write", run, *ONE).out
        assert "no usable caption: refused" in (run / "report.html").read_text()

    @pytest.mark.parametrize("share", ["-1", "2", "nan"])
    def test_a_limit_that_is_no_share(self, share, scored):
        with serve() as service:
            answer = enrich(scored(), service, "--max-fault-share", share)
        assert_refused(answer, "--max-fault-share", share)

    def test_failures_that_remain_after_a_resume_are_few(self, scored):
        run = scored(20)
        bad, good = (400, DEAD, {}), (200, ODD, {})
        with serve(plans=[good] * 20 + [(403, b"", {})]) as service:
            assert enrich(run, service, "--concurrency", "1").status == 1
            service.plans = [bad] * 18 + [good] * 2
            answer = enrich(run, service, "--concurrency", "1")
        assert answer.status == 0
        assert "  model-failed: 18\n" in answer.out

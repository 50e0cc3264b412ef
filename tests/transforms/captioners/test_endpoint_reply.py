"""Replies of a captioning service: answers, pauses and complaints."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from evenpair.schemas.fault import Fault
from evenpair.transforms.captioners.captioner import Answer
from evenpair.transforms.captioners.endpoint_reply import Reply, complaint, pause_of, read_answer

from ...support.services import completion

ERROR = json.dumps({"error": {"message": "the engine\n has died"}}).encode()


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
def test_an_answer_is_a_text_or_a_fault(reply, answer):
    assert read_answer(Reply(200, reply)) == answer


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
def test_the_pause_is_that_of_retry_after(header, seconds):
    assert pause_of(header, datetime(2030, 1, 1, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (Reply(500, ERROR), "HTTP 500: the engine has died"),
        (Reply(500, b'{"detail": "no"}'), "HTTP 500: no"),
        (Reply(500, b'{"error": "no"}'), "HTTP 500: no"),
        (Reply(500, b"<html>"), "HTTP 500"),
        (Reply(500, b"{}"), "HTTP 500"),
    ],
)
def test_a_complaint_is_one_line(reply, line):
    assert complaint(reply) == line

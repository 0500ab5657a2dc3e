"""The phones of the demonstration: what a service tells by its webhooks is printed, with its link; nothing else is."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest

from cloud import channels
from cloud.channels import Channel
from firmware_sim.phones import Phones, PhonesError
from protocols.documents import webhooks

SECRET = channels.new_secret()
BODY = msgspec.json.encode(
    {
        "version": "4",
        "receiver": "ana",
        "alerts": [{"labels": {}}],
        "commonAnnotations": {"summary": "Too warm", "description": "9 °C\nI take it on: http://here/a/b"},
    }
)


@pytest.fixture
def heard(tmp_path: Path) -> tuple[Phones, list[str]]:
    channels.add(tmp_path, "office", Channel(webhook="http://127.0.0.1:7887/office", secret=SECRET))
    channels.add(tmp_path, "mail", Channel(url="mailtos://somebody:word@mail.example"))
    said: list[str] = []
    return Phones(tmp_path / channels.NAME, said.append), said


def post(phones: Phones, number: str = "n-1", path: str = "/office", secret: str = SECRET, body: bytes = BODY) -> int:
    now_s = time.time()
    headers = webhooks.sign(body, number, int(now_s), [webhooks.key_of(secret)])
    return phones.take(path, headers, body, now_s)


def test_a_message_is_printed_once_with_whom_it_is_for_and_its_link(heard: tuple[Phones, list[str]]) -> None:
    phones, said = heard
    assert (phones.port, post(phones), post(phones)) == (7887, 204, 204)
    [line] = said
    assert line.splitlines()[0].endswith("  office, to ana: Too warm")
    assert line.splitlines()[1:] == ["    9 °C", "    I take it on: http://here/a/b"]


def test_what_the_service_did_not_sign_is_refused_and_not_printed(heard: tuple[Phones, list[str]]) -> None:
    phones, said = heard
    assert post(phones, secret=channels.new_secret()) == 401
    assert post(phones, path="/attic") == 404
    assert post(phones, body=b"not JSON") == 400
    assert said == []


def test_without_phones_of_this_machine_it_says_what_is_missing(tmp_path: Path) -> None:
    channels.add(tmp_path, "erp", Channel(webhook="https://erp.example/alerts", secret=SECRET))
    with pytest.raises(PhonesError, match="webhooks at 0 ports of"):
        Phones(tmp_path / channels.NAME, print)
    os.truncate(tmp_path / channels.NAME, 5)
    with pytest.raises(PhonesError, match="can not be read as TOML"):
        Phones(tmp_path / channels.NAME, print)

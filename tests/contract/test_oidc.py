"""Signing in by another service: the way there and back against a provider that signs, over the web and a ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from joserfc.jwk import RSAKey

from cloud.stores.ledger import Ledger
from cloud.web import oidc
from cloud.web.oidc import KEYS_AGAIN_MS, WAY_MS, Config, Oidc, OidcError, load, role_of
from cloud.web.vouching import HERE, TRIES_MAX
from tests.contract.people_house import House, ask, inhabited
from tests.contract.provider import CLIENT, SECRET, Provider, providing

ROLES = {"wh-admins": "admin", "wh-buyers": "buyer", "everybody": "viewer"}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with providing() as made:
        yield made


@pytest.fixture
async def house(provider: Provider, tmp_path: Path) -> AsyncIterator[House]:
    way = Oidc(Config(provider.url, CLIENT, SECRET, "Hospital", roles=ROLES), "")  # type: ignore[arg-type]
    async with inhabited(Ledger(f"sqlite:///{tmp_path}/ledger.db"), way) as made:
        way.back = f"{made.url}{HERE}/done"
        provider.now_s = made.now_ms // 1000
        yield made


async def there_and_back(client: ClientSession) -> str:
    """Where the browser ends."""
    async with client.get(f"{HERE}/begin", allow_redirects=False) as response:
        assert response.status == 302
        address = response.headers["Location"]
    async with client.get(address, allow_redirects=False) as response:
        address = response.headers["Location"]
    async with client.get(address, allow_redirects=False) as response:
        return response.headers["Location"]


async def test_who_the_other_service_knows_comes_in_with_the_role_that_it_says(
    house: House, provider: Provider
) -> None:
    noor = await house.client()
    assert await ask(noor, "GET", "/api/v1/session/ways") == (200, {"oidc": "Hospital"})

    assert await there_and_back(noor) == "/"

    status, told = await ask(noor, "GET", "/api/v1/session")
    assert (status, told["user"], told["role"], told["pending"]) == (200, "noor", "buyer", False)
    [made] = [one for one in house.ledger.people.accounts() if one.name == "noor"]
    assert (made.password_hash, made.subject) == ("", f"{provider.url} 4711")
    assert house.deeds() == [("noor", "get_session_oidc_done", f"{HERE}/done", "", 302, "")]
    provider.claims["groups"] = ["everybody", "wh-admins"]
    assert await there_and_back(noor) == "/"
    assert (await ask(noor, "GET", "/api/v1/session"))[1]["role"] == "admin"
    again = {"user": "noor", "password": "anything at all"}
    assert await ask(noor, "POST", "/api/v1/session", again) == (401, "wrong_password")


async def test_answers_that_come_in_pieces_are_read_to_their_end(house: House, provider: Provider) -> None:
    provider.large = True

    assert await there_and_back(await house.client()) == "/"


async def test_answers_without_end_are_not_read(
    house: House, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.large = True
    monkeypatch.setattr(oidc, "ANSWER_BYTES_MAX", 30_000)

    async with (await house.client()).get(f"{HERE}/begin", allow_redirects=False) as response:
        assert response.headers["Location"] == "/?refused=oidc_away"


async def test_who_has_no_role_no_name_or_somebody_elses_does_not_come_in(house: House, provider: Provider) -> None:
    browser = await house.client()
    for claims, code in (
        ({"groups": ["others"]}, "oidc_no_role"),
        ({"groups": None}, "oidc_no_role"),
        ({"preferred_username": "  "}, "oidc_no_name"),
        ({"preferred_username": "a/b"}, "oidc_no_name"),
        ({"preferred_username": "mo\u3164"}, "oidc_no_name"),
        ({"preferred_username": ".."}, "oidc_no_name"),
        ({"preferred_username": "mo"}, "oidc_taken"),
        ({"preferred_username": "MO"}, "oidc_taken"),
        ({"preferred_username": "console"}, "oidc_taken"),
    ):
        before = dict(provider.claims)
        provider.claims |= claims
        assert await there_and_back(browser) == f"/?refused={code}"
        provider.claims = before
    assert await ask(browser, "GET", "/api/v1/session") == (401, "signed_out")
    assert [note for _, _, _, note, _, _ in house.deeds()] == [
        "oidc_no_role", "oidc_no_role", "oidc_no_name", "oidc_no_name", "oidc_no_name", "oidc_no_name", "oidc_taken",
        "oidc_taken", "oidc_taken",
    ]  # fmt: skip
    assert [one.name for one in house.ledger.people.accounts()] == ["bo", "mo", "su"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"nonce": "another"},
        {"exp": 1},
        {"sub": ""},
        {"aud": [CLIENT, "another"]},
    ],
    ids=str,
)
async def test_an_id_token_that_is_not_for_us_now_opens_nothing(
    house: House, provider: Provider, wrong: dict[str, Any]
) -> None:
    provider.wrong = wrong
    assert await there_and_back(await house.client()) == "/?refused=oidc_failed"


async def test_a_token_signed_by_somebody_else_opens_nothing_and_new_keys_are_looked_for(
    house: House, provider: Provider
) -> None:
    browser, own = await house.client(), provider.key
    provider.signs = RSAKey.generate_key(2048, {"kid": "one"})
    assert await there_and_back(browser) == "/?refused=oidc_failed"
    provider.key = provider.signs  # they have new keys
    house.now_ms += KEYS_AGAIN_MS
    provider.now_s = house.now_ms // 1000
    assert await there_and_back(browser) == "/"
    provider.signs = own
    assert await there_and_back(browser) == "/?refused=oidc_failed"


async def test_a_way_is_gone_once_by_the_browser_that_began_it_and_in_time(house: House) -> None:
    one, other = await house.client(), await house.client()

    async def came(client: ClientSession, address: str) -> str:
        async with client.get(address, allow_redirects=False) as response:
            return response.headers["Location"]

    back = await came(one, await came(one, f"{HERE}/begin"))
    assert await came(other, back) == "/?refused=oidc_late"
    assert await came(one, back) == "/"
    assert await came(one, back) == "/?refused=oidc_late"
    back = await came(one, await came(one, f"{HERE}/begin"))
    house.now_ms += WAY_MS
    assert await came(one, back) == "/?refused=oidc_late"
    assert await came(one, f"{HERE}/done") == "/?refused=oidc_late"


async def test_who_goes_there_and_back_too_often_waits(house: House) -> None:
    browser = await house.client()
    for _ in range(TRIES_MAX):
        async with browser.get(f"{HERE}/done", allow_redirects=False):
            pass

    assert await ask(browser, "GET", f"{HERE}/begin") == (429, "too_many_tries")


async def test_who_is_disabled_here_stays_out(house: House) -> None:
    noor = await house.client()
    await there_and_back(noor)
    house.ledger.people.change_account("noor", disabled=True)

    assert await there_and_back(await house.client()) == "/?refused=oidc_taken"
    house.now_ms += 60_000
    assert await ask(noor, "GET", "/api/v1/stock") == (401, "signed_out")


def test_the_strongest_role_counts_and_none_is_made_up() -> None:
    config = Config("https://id.example", "c", "s", roles=ROLES)  # type: ignore[arg-type]
    assert role_of(config, {"groups": ["everybody", "wh-buyers"]}) == "buyer"
    assert role_of(config, {"groups": "everybody"}) == "viewer"
    assert role_of(config, {"groups": ["x", 7, None]}) is None
    assert role_of(config, {}) is None


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ('issuer = "https://id.example"\nclient_id = "c"\nclient_secret = "hush"', 0o644, "chmod 600"),
        ('issuer = "http://id.example"\nclient_id = "c"\nclient_secret = "hush"', 0o600, "https://"),
        ('issuer = "https://id.example"\nclient_id = "c"', 0o600, "client_secret"),
        ('issuer = "https://id.example"\nclient_id = "c"\nclient_secret = "hush"\nx = 1', 0o600, "`x`"),
        ('issuer = "https://i"\nclient_id = "c"\nclient_secret = "hush"\notherwise = "supplier"', 0o600, "supplier"),
        ("nonsense", 0o600, "docs/accounts.md"),
    ],
)
def test_a_file_that_can_not_be_used_says_why_and_nothing_of_its_secret(
    tmp_path: Path, text: str, mode: int, why: str
) -> None:
    path = tmp_path / "oidc.toml"
    path.write_text(text)
    path.chmod(mode)

    with pytest.raises(OidcError) as refused:
        load(path)

    assert why in str(refused.value)
    assert "hush" not in str(refused.value)

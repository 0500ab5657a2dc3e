"""Signing in by another service (OpenID Connect): who it vouches for, as what. authlib and joserfc live here.

Authorization code with PKCE (S256), state and nonce; the way there is bound to the browser by a cookie of its own. The
ID token's signature, issuer, audience, times and nonce are checked. Nothing of what the other service gives is kept but
who somebody is there (`issuer subject`). No secrets are logged.
"""

from __future__ import annotations

import secrets
import stat
import tomllib
from collections import OrderedDict
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote_plus, urlsplit

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Meta, Struct

from cloud.web.names import account_flaw
from cloud.web.roles import Role

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
WAYS_MAX = 1000
"""Who is on the way there and back; the oldest are forgotten."""
WAY_MS = 10 * 60_000
TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 256 * 1024
LEEWAY_S = 60
KEYS_MS = 3_600_000
KEYS_AGAIN_MS = 60_000
STRONGEST: tuple[Role, ...] = ("admin", "buyer", "operator", "maintenance", "viewer")
"""Of several roles somebody has the first."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class OidcError(ValueError):
    """The file can not be used; the message says why and what to do, and nothing of what stands in it."""


class Refused(Exception):
    """Nobody comes in this way; `code` says why for the page."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """The file. `name` is on the button. Who somebody is here stands in the claim `name_claim`; their role is what
    `roles` makes of a value of `role_claim`, or `otherwise`; where neither says one nobody comes in."""

    issuer: str
    client_id: Annotated[str, Meta(min_length=1)]
    client_secret: Annotated[str, Meta(min_length=1)]
    name: Annotated[str, Meta(min_length=1, max_length=40)] = "OpenID Connect"
    scope: str = "openid profile"
    name_claim: str = "preferred_username"
    role_claim: str = "groups"
    roles: dict[str, Role] = {}
    otherwise: Role | None = None


class Vouched(NamedTuple):
    """Whom the other service vouches for, and as what they come in here."""

    subject: str
    name: str
    role: Role


class _Way(NamedTuple):
    nonce: str
    verifier: str
    begun_ms: int


def load(path: Path) -> Config:
    """The file. Raises `OidcError`."""
    try:
        mode, text = stat.S_IMODE(path.stat().st_mode), path.read_text(encoding="utf-8")
        config = msgspec.convert(tomllib.loads(text), Config)
    except (OSError, UnicodeDecodeError) as error:
        raise OidcError(f"{path} can not be read ({error}); give it with --oidc") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise OidcError(f"{path}: {error}; see docs/accounts.md") from None
    if mode & 0o077:
        raise OidcError(f"{path} holds a secret, and others may read it: chmod 600 {path}")
    if not _is_safe(config.issuer):
        raise OidcError(f"{path}: issuer has to be an https:// address without a query (http:// on this machine alone)")
    if "supplier" in (*config.roles.values(), config.otherwise):
        raise OidcError(f"{path}: a supplier's people have accounts of our own; take the role supplier out")
    return config


def role_of(config: Config, claims: dict[str, Any]) -> Role | None:
    """The strongest role that the claims give."""
    said = claims.get(config.role_claim)
    values = said if isinstance(said, list) else [said]
    held = {config.roles[one] for one in values if isinstance(one, str) and one in config.roles}
    return next((one for one in STRONGEST if one in held), config.otherwise)


class Oidc:
    """The way there and back. `back` is the address that the other service sends browsers back to."""

    def __init__(self, config: Config, back: str) -> None:
        self.config, self.back = config, back
        self._ways: OrderedDict[str, _Way] = OrderedDict()
        self._about: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._keys_ms = 0

    async def begin(self, now_ms: int) -> tuple[str, str]:
        """Where the browser is to go, and the state it comes back with. Raises `Refused`."""
        about = await self._discovered()
        state, way = secrets.token_urlsafe(24), _Way(secrets.token_urlsafe(24), secrets.token_urlsafe(48), now_ms)
        self._ways[state] = way
        while len(self._ways) > WAYS_MAX:
            self._ways.popitem(last=False)
        address = prepare_grant_uri(
            about["authorization_endpoint"], self.config.client_id, "code", self.back, self.config.scope, state,
            nonce=way.nonce, code_challenge=create_s256_code_challenge(way.verifier), code_challenge_method="S256",
        )  # fmt: skip
        return str(address), state

    async def end(self, code: str, state: str, issuer: str, now_ms: int) -> Vouched:
        """Whom the code is for. A way is gone once. Raises `Refused`."""
        way = self._ways.pop(state, None)
        if way is None or not 0 <= now_ms - way.begun_ms < WAY_MS:
            raise Refused("oidc_late", "nobody is on this way")
        if issuer not in ("", self.config.issuer):
            raise Refused("oidc_failed", "another issuer answered")  # RFC 9207
        about = await self._discovered()
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.back}
        told = await self._ask("POST", about["token_endpoint"], {**given, "code_verifier": way.verifier})
        claims = await self._claims(told.get("id_token"), way.nonce, now_ms)
        name, role = claims.get(self.config.name_claim), role_of(self.config, claims)
        if not isinstance(name, str):
            raise Refused("oidc_no_name", f"the claim {self.config.name_claim!r} is no name")
        if why := account_flaw(name):
            raise Refused("oidc_no_name", why)
        if role is None:
            raise Refused("oidc_no_role", f"no value of {self.config.role_claim!r} has a role")
        return Vouched(f"{self.config.issuer} {claims['sub']}", name, role)

    async def _claims(self, token: object, nonce: str, now_ms: int) -> dict[str, Any]:
        """What an ID token says, once all of it is checked."""
        if not isinstance(token, str):
            raise Refused("oidc_failed", "there is no ID token")
        keys = await self._known_keys(now_ms, again=False)
        try:
            try:
                read = jwt.decode(token, keys, list(ALGORITHMS))
            except (JoseError, ValueError):  # perhaps they have new keys
                read = jwt.decode(token, await self._known_keys(now_ms, again=True), list(ALGORITHMS))
            wanted = {"iss": {"essential": True, "value": self.config.issuer}}
            wanted |= {"aud": {"essential": True, "value": self.config.client_id}}
            params = {"nonce": nonce, "client_id": self.config.client_id}
            claims = CodeIDToken(read.claims, read.header, wanted, params)
            claims.validate(now=now_ms // 1000, leeway=LEEWAY_S)
        except (JoseError, ValueError) as error:
            raise Refused("oidc_failed", f"the ID token can not be trusted: {type(error).__name__}") from None
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise Refused("oidc_failed", "the ID token names nobody")
        return dict(claims)

    async def _known_keys(self, now_ms: int, *, again: bool) -> KeySet:
        age = KEYS_AGAIN_MS if again else KEYS_MS
        if self._keys is None or not 0 <= now_ms - self._keys_ms < age:
            about = await self._discovered()
            try:
                self._keys = KeySet.import_key_set(await self._ask("GET", about["jwks_uri"]))  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError):
                raise Refused("oidc_away", "its keys can not be read") from None
            self._keys_ms = now_ms
        return self._keys

    async def _discovered(self) -> dict[str, Any]:
        if not self._about:
            about = await self._ask("GET", get_well_known_url(self.config.issuer, external=True))
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if about.get("issuer") != self.config.issuer or not all(_is_safe(about.get(one), True) for one in needed):
                raise Refused("oidc_away", "it is not who it should be")
            self._about = about
        return self._about

    async def _ask(self, method: str, address: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        config, data, headers = self.config, form, {"Accept": "application/json"}
        if form is not None and "client_secret_basic" in self._about.get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        ):
            secret = encode_basic_auth(quote_plus(config.client_id), quote_plus(config.client_secret))
            headers["Authorization"] = secret
        elif form is not None:
            data = {**form, "client_id": config.client_id, "client_secret": config.client_secret}
        try:
            async with (
                ClientSession(timeout=ClientTimeout(TIMEOUT_S)) as client,
                client.request(method, address, data=data, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise Refused("oidc_failed" if form else "oidc_away", f"it answered {answer.status}")
                body = bytearray()
                async for piece in answer.content.iter_any():
                    body += piece
                    if len(body) > ANSWER_BYTES_MAX:
                        raise Refused("oidc_away", f"it answers with more than {ANSWER_BYTES_MAX} bytes")
                return msgspec.json.decode(body, type=dict[str, Any])
        except (ClientError, TimeoutError, OSError, msgspec.DecodeError):
            raise Refused("oidc_away", "it can not be reached") from None


def _is_safe(address: object, query: bool = False) -> bool:
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    plain = query or not (parts.query or parts.fragment)
    return plain and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))

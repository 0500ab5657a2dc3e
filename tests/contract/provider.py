"""A small OpenID provider: it signs people in who are told to it, and answers as it is told to."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

from aiohttp import encode_basic_auth, web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "warehouse", "s3same/open"


class Provider:
    """`claims` of who sits at the browser; `wrong` changes what the ID token says."""

    def __init__(self) -> None:
        self.url = ""
        self.claims: dict[str, Any] = {"sub": "4711", "preferred_username": "noor", "groups": ["wh-buyers"]}
        self.wrong: dict[str, Any] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.signs = self.key
        self.now_s = 0
        self.large = False
        """It has much to tell of itself, and its answers come in pieces."""
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}

    async def about(self, request: web.Request) -> web.StreamResponse:
        ends = {one: f"{self.url}/{one}" for one in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        return await self._tell(request, {"issuer": self.url, **ends})

    async def keys(self, request: web.Request) -> web.StreamResponse:
        return await self._tell(request, {**KeySet([self.key]).as_dict(private=False)})

    async def _tell(self, request: web.Request, value: dict[str, Any]) -> web.StreamResponse:
        if not self.large:
            return web.json_response(value)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        told = json.dumps({"claims_supported": ["x" * 60] * 600, **value}).encode()
        for piece in (told[:2000], told[2000:]):
            await response.write(piece)
            await asyncio.sleep(0.02)  # or both would come as one
        return response

    async def authorize(self, request: web.Request) -> web.Response:
        """Whoever comes is signed in at once."""
        given = {name: values[0] for name, values in parse_qs(request.query_string).items()}
        self.asked.append(given)
        assert (given["client_id"], given["response_type"]) == (CLIENT, "code")
        assert given["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = given
        back = urlencode({"code": code, "state": given["state"], "iss": self.url})
        return web.Response(status=302, headers={"Location": f"{given['redirect_uri']}?{back}"})

    async def token(self, request: web.Request) -> web.Response:
        """An ID token for a code, which is good once and for who began."""
        form = await request.post()
        auth = request.headers["Authorization"]
        given = self._codes.pop(str(form["code"]), None)
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        known = auth == encode_basic_auth(CLIENT, "s3same%2Fopen")
        if given is None or not known or proof != given["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        assert form["redirect_uri"] == given["redirect_uri"]
        times = {"iat": self.now_s, "exp": self.now_s + 300}
        claims = {"iss": self.url, "aud": CLIENT, **times, "nonce": given["nonce"], **self.claims, **self.wrong}
        signed = jwt.encode({"alg": "RS256", "kid": self.signs.kid}, claims, self.signs)
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": signed})


@asynccontextmanager
async def providing() -> AsyncIterator[Provider]:
    """A running one."""
    made, app = Provider(), web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.about)
    app.router.add_get("/jwks_uri", made.keys)
    app.router.add_get("/authorization_endpoint", made.authorize)
    app.router.add_post("/token_endpoint", made.token)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()

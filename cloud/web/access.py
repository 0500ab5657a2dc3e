"""Who may do what: each route says which right it asks for, and that is checked here before any of them runs.

A write by a cookie also has to prove that it comes from our own page: a header that no foreign form can set, and an
Origin that is this host. Cookies are SameSite=Strict besides. A machine's token is in no browser, and proves itself.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from aiohttp import web

from cloud.web.replies import Refusal
from cloud.web.roles import Who
from cloud.web.routing import Route
from cloud.web.sign_in import SignIn

COOKIE = "warehouse_session"
WHO: web.RequestKey[Who] = web.RequestKey("who", Who)
ONESELF: web.RequestKey[str] = web.RequestKey("oneself", str)
"""Who acts where nobody has to be signed in: who signs in or out, who taps a link."""
NOTE: web.RequestKey[str] = web.RequestKey("note", str)
"""What is worth writing down of a write beside its address. No secrets."""
REPEATED: web.RequestKey[bool] = web.RequestKey("repeated", bool)
"""Nothing was done: what was answered before was answered again, under the same key."""

USER = "X-User"
"""Whose wish a write is, percent-encoded: what waited in a browser is not done as whoever signed in there meanwhile."""
SIGNED = "/a/{token}"
"""Its address proves who writes; a page without scripts can send no header."""
METRICS = "/metrics"
"""Open to whoever sits at this machine."""
_READS = ("GET", "HEAD", "OPTIONS")
_LOOPBACK = ("127.0.0.1", "::1")
_LOOPBACK_HOSTS = (*_LOOPBACK, "localhost")


def pattern_of(request: web.Request) -> str | None:
    """The pattern of the route that answers; None when there is none."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else None


async def check(request: web.Request, route: Route, sign_in: SignIn, now_ms: int) -> None:
    """Let the request through to its route, with `request[WHO]` set where a right is asked for, or raise
    `Refusal`."""
    if request.method not in _READS and bearer(request) is None and route.path != SIGNED:
        _check_own_page(request)
    if route.right is None or (route.path == METRICS and _at_this_machine(request)):
        return
    who = await identify(request, sign_in, now_ms)
    if who is None:
        hint = "sign in (POST /api/v1/session), or send an API token as `Authorization: Bearer TOKEN`"
        raise Refusal(401, "signed_out", "nobody is signed in", hint, {"WWW-Authenticate": "Bearer"})
    request[WHO] = who
    if request.method not in _READS and unquote(request.headers.get(USER, who.name)) != who.name:
        hint = "what was done by somebody is sent by them; sign in as them again"
        raise Refusal(409, "other_user", "this was done by somebody else than who is signed in", hint)
    if who.may(route.right):
        return
    if who.pending:
        hint = "change it (POST /api/v1/session/password), and all that your role may is open"
        raise Refusal(403, "change_password", "this password was to be used once", hint)
    whose = f"this token has {', '.join(sorted(who.rights))}" if who.token else f"you have the role {who.role}"
    raise Refusal(403, "forbidden", f"this needs the right `{route.right}`, and {whose}", "ask an admin")


async def identify(request: web.Request, sign_in: SignIn, now_ms: int) -> Who | None:
    """Who is asking, by API token or session cookie."""
    if (token := bearer(request)) is not None:
        return await sign_in.machine(token, now_ms)
    cookie = request.cookies.get(COOKIE)
    return await sign_in.session(cookie, now_ms) if cookie else None


def same_origin(request: web.Request) -> bool:
    """Whether the request says it comes from a page of this host. The scheme is left out: a proxy may speak TLS."""
    try:
        origin = urlsplit(request.headers.get("Origin", "")).netloc.lower()
    except ValueError:
        return False
    return origin != "" and origin == request.host.lower()


def is_secure(request: web.Request) -> bool:
    """Whether the browser speaks HTTPS, with us or with a proxy. Who lies about it harms only its own cookie."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "") == "https"


def bearer(request: web.Request) -> str | None:
    """The token of who signs in by none other; no cookie counts beside it."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _check_own_page(request: web.Request) -> None:
    if request.headers.get("X-Requested-With") != "warehouse":
        hint = "send the header `X-Requested-With: warehouse`"
        raise Refusal(403, "cross_site", "a write has to come from our own page", hint)
    if not same_origin(request):
        hint = f"send `Origin: http://{request.host}`; a proxy before the service has to pass the Host header on"
        raise Refusal(403, "cross_site", "the Origin header does not name this host", hint)


def _at_this_machine(request: web.Request) -> bool:
    """Loopback, and neither through a proxy nor by a page that had its name point to loopback."""
    try:
        host = (urlsplit(f"//{request.host}").hostname or "").lower()
    except ValueError:
        return False
    forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto"))
    return request.remote in _LOOPBACK and host in _LOOPBACK_HOSTS and not forwarded

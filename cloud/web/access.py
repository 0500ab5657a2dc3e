"""Who may do what: one table for every route, checked in one place before any of them runs.

A write by a cookie also has to prove that it comes from our own page: a header that no foreign form can set, and an
Origin that is this host. Cookies are SameSite=Strict besides. A machine's token is in no browser, and proves itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from cloud.web.replies import Refusal
from cloud.web.sign_in import Least, SignIn, Who

COOKIE = "warehouse_session"
WHO: web.RequestKey[Who] = web.RequestKey("who", Who)

LEAST_ROLE: dict[tuple[str, str], Least | None] = {
    ("GET", "/"): None,
    ("GET", "/assets/{name}"): None,
    ("GET", "/healthz"): None,
    ("GET", "/readyz"): None,
    ("GET", "/metrics"): "manager",  # and whoever sits at this machine
    ("GET", "/ws"): "viewer",
    ("GET", "/api/v1/session"): "anyone",
    ("POST", "/api/v1/session"): None,
    ("DELETE", "/api/v1/session"): None,
    ("GET", "/api/v1/snapshot"): "viewer",
    ("GET", "/api/v1/stock"): "viewer",
    ("GET", "/api/v1/slots"): "viewer",
    ("GET", "/api/v1/alerts"): "viewer",
    ("GET", "/api/v1/needs"): "viewer",
    ("GET", "/api/v1/devices"): "viewer",
    ("GET", "/api/v1/zones"): "viewer",
    ("GET", "/api/v1/gateways"): "viewer",
    ("GET", "/api/v1/needs/{id}"): "viewer",
    ("GET", "/api/v1/skus/{id}"): "viewer",
    ("GET", "/api/v1/slots/{id}"): "viewer",
    ("GET", "/api/v1/alerts/{id}"): "viewer",
    ("GET", "/api/v1/history"): "viewer",
    ("GET", "/api/v1/completeness"): "viewer",
    ("POST", "/api/v1/alerts/{id}/ack"): "crew",
    ("POST", "/api/v1/alerts/{id}/shelve"): "crew",
    ("POST", "/api/v1/alerts/{id}/unshelve"): "crew",
    ("POST", "/api/v1/alerts/{id}/assign"): "crew",
    ("GET", "/api/v1/assets"): "viewer",
    ("GET", "/api/v1/assets/{id}"): "viewer",
    ("GET", "/api/v1/oncall"): "viewer",
    ("GET", "/api/v1/roster"): "viewer",
    ("GET", "/api/v1/notices"): "viewer",
    ("POST", "/api/v1/notices/test"): "crew",
    ("GET", "/api/v1/noisiest"): "viewer",
    ("GET", "/api/v1/alerts/ended"): "viewer",
    ("GET", "/a/{token}"): None,
    ("POST", "/a/{token}"): None,
    ("GET", "/api/v1/book"): "viewer",
    ("POST", "/api/v1/book"): "crew",
    ("GET", "/api/v1/skus/{id}/position"): "viewer",
    ("GET", "/api/v1/skus/{id}/picks"): "viewer",
    ("GET", "/api/v1/skus/{id}/curve"): "viewer",
    ("GET", "/api/v1/value"): "manager",
    ("GET", "/api/v1/counts"): "viewer",
    ("POST", "/api/v1/counts"): "crew",
    ("GET", "/api/v1/reservations"): "viewer",
    ("POST", "/api/v1/reservations"): "crew",
    ("POST", "/api/v1/reservations/{id}/pick"): "crew",
    ("POST", "/api/v1/reservations/{id}/release"): "crew",
    ("GET", "/api/v1/orders"): "viewer",
    ("POST", "/api/v1/orders"): "crew",
    ("GET", "/api/v1/orders/{id}"): "viewer",
    ("POST", "/api/v1/orders/{id}/{action}"): "crew",
    ("GET", "/api/v1/orders/{id}/papers/{kind}"): "crew",
    ("GET", "/api/v1/needs/{id}/offers"): "viewer",
    ("POST", "/api/v1/needs/{id}/order"): "crew",
    ("GET", "/api/v1/arrivals"): "viewer",
    ("POST", "/api/v1/arrivals/{id}/confirm"): "crew",
    ("GET", "/api/v1/suppliers"): "viewer",
    ("POST", "/api/v1/suppliers/{id}/scores"): "manager",
    ("GET", "/api/v1/spare"): "viewer",
    ("POST", "/api/v1/neighbours/{id}/spare"): "crew",
    ("GET", "/api/v1/measures"): "viewer",
    ("GET", "/api/v1/measures/{name}"): "viewer",
    ("GET", "/api/v1/works"): "viewer",
    ("POST", "/api/v1/works"): "crew",
    ("GET", "/api/v1/works/{id}"): "viewer",
    ("POST", "/api/v1/works/{id}/verdict"): "crew",
    ("POST", "/api/v1/works/{id}/{action}"): "crew",
    ("GET", "/api/v1/alerts/{id}/verdict"): "viewer",
    ("POST", "/api/v1/alerts/{id}/verdict"): "crew",
    ("GET", "/api/v1/precision"): "viewer",
    ("GET", "/api/v1/webhooks"): "manager",
    ("GET", "/api/v1/cold/rooms"): "viewer",
    ("GET", "/api/v1/cold/excursions"): "viewer",
    ("GET", "/api/v1/cold/excursions/{id}"): "viewer",
    ("GET", "/api/v1/cold/exposures"): "viewer",
    ("GET", "/api/v1/cold/report"): "viewer",
    ("POST", "/api/v1/cold/excursions/{id}/release"): "manager",
    ("POST", "/api/v1/cold/excursions/{id}/scrap"): "manager",
    ("GET", "/api/v1/portal"): "supplier",
    ("POST", "/api/v1/portal/plan"): "supplier",
    ("POST", "/api/v1/portal/stock"): "supplier",
    ("POST", "/api/v1/portal/orders/{id}/{action}"): "supplier",
    ("GET", "/api/v1/portal/orders/{id}/papers/{kind}"): "supplier",
    ("GET", "/api/v1/portal/papers/{kind}"): "supplier",
    ("POST", "/api/v1/portal/papers"): "supplier",
    ("GET", "/api/v1/public/{link}"): None,
    ("GET", "/public/{link}"): None,
}
"""The least role for each method and pattern; "anyone" who is signed in, None: also who is not. HEAD goes with GET."""

SIGNED = "/a/{token}"
"""Its address proves who writes; a page without scripts can send no header."""
_READS = ("GET", "HEAD", "OPTIONS")
_LOOPBACK = ("127.0.0.1", "::1")
_LOOPBACK_HOSTS = (*_LOOPBACK, "localhost")


def pattern_of(request: web.Request) -> str | None:
    """The pattern of the route that answers; None when there is none."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else None


def least_role(method: str, pattern: str) -> Least | None:
    """The least role for a route; raises `KeyError` for one that is not in the table."""
    return LEAST_ROLE["GET" if method == "HEAD" else method, pattern]


async def check(request: web.Request, sign_in: SignIn, now_ms: int) -> None:
    """Let the request through to its route, with `request[WHO]` set where a role is asked for, or raise `Refusal`."""
    pattern = pattern_of(request)
    if pattern is None:
        return  # no route: the router's own 404 or 405 follows
    if request.method not in _READS and _bearer(request) is None and pattern != SIGNED:
        _check_own_page(request)
    least = least_role(request.method, pattern)
    if least is None or (pattern == "/metrics" and _at_this_machine(request)):
        return
    who = await identify(request, sign_in, now_ms)
    if who is None:
        hint = "sign in (POST /api/v1/session), or send a machine's token as `Authorization: Bearer TOKEN`"
        raise Refusal(401, "signed_out", "nobody is signed in", hint, {"WWW-Authenticate": "Bearer"})
    if not who.may(least):
        raise Refusal(403, "forbidden", f"this needs the role {least}, and you have {who.role}", "ask a manager")
    request[WHO] = who


async def identify(request: web.Request, sign_in: SignIn, now_ms: int) -> Who | None:
    """Who is asking, by machine token or session cookie."""
    if (token := _bearer(request)) is not None:
        return await sign_in.machine(token)
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


def _bearer(request: web.Request) -> str | None:
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
    host = (urlsplit(f"//{request.host}").hostname or "").lower()
    forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto"))
    return request.remote in _LOOPBACK and host in _LOOPBACK_HOSTS and not forwarded

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
    ("GET", "/api/session"): "anyone",
    ("POST", "/api/session"): None,
    ("DELETE", "/api/session"): None,
    ("GET", "/api/snapshot"): "viewer",
    ("GET", "/api/stock"): "viewer",
    ("GET", "/api/slots"): "viewer",
    ("GET", "/api/alerts"): "viewer",
    ("GET", "/api/needs"): "viewer",
    ("GET", "/api/devices"): "viewer",
    ("GET", "/api/zones"): "viewer",
    ("GET", "/api/gateways"): "viewer",
    ("GET", "/api/needs/{id}"): "viewer",
    ("GET", "/api/skus/{id}"): "viewer",
    ("GET", "/api/slots/{id}"): "viewer",
    ("GET", "/api/alerts/{id}"): "viewer",
    ("GET", "/api/history"): "viewer",
    ("GET", "/api/completeness"): "viewer",
    ("POST", "/api/alerts/{id}/ack"): "crew",
    ("POST", "/api/alerts/{id}/shelve"): "crew",
    ("POST", "/api/alerts/{id}/unshelve"): "crew",
    ("POST", "/api/alerts/{id}/assign"): "crew",
    ("GET", "/api/assets"): "viewer",
    ("GET", "/api/assets/{id}"): "viewer",
    ("GET", "/api/oncall"): "viewer",
    ("GET", "/api/roster"): "viewer",
    ("GET", "/api/notices"): "viewer",
    ("POST", "/api/notices/test"): "crew",
    ("GET", "/api/noisiest"): "viewer",
    ("GET", "/api/alerts/ended"): "viewer",
    ("GET", "/a/{token}"): None,
    ("POST", "/a/{token}"): None,
    ("GET", "/api/book"): "viewer",
    ("POST", "/api/book"): "crew",
    ("GET", "/api/skus/{id}/position"): "viewer",
    ("GET", "/api/skus/{id}/picks"): "viewer",
    ("GET", "/api/skus/{id}/curve"): "viewer",
    ("GET", "/api/value"): "manager",
    ("GET", "/api/counts"): "viewer",
    ("POST", "/api/counts"): "crew",
    ("GET", "/api/reservations"): "viewer",
    ("POST", "/api/reservations"): "crew",
    ("POST", "/api/reservations/{id}/pick"): "crew",
    ("POST", "/api/reservations/{id}/release"): "crew",
    ("GET", "/api/orders"): "viewer",
    ("POST", "/api/orders"): "crew",
    ("GET", "/api/orders/{id}"): "viewer",
    ("POST", "/api/orders/{id}/{action}"): "crew",
    ("GET", "/api/orders/{id}/papers/{kind}"): "crew",
    ("GET", "/api/needs/{id}/offers"): "viewer",
    ("POST", "/api/needs/{id}/order"): "crew",
    ("GET", "/api/arrivals"): "viewer",
    ("POST", "/api/arrivals/{id}/confirm"): "crew",
    ("GET", "/api/suppliers"): "viewer",
    ("POST", "/api/suppliers/{id}/scores"): "manager",
    ("GET", "/api/spare"): "viewer",
    ("POST", "/api/neighbours/{id}/spare"): "crew",
    ("GET", "/api/measures"): "viewer",
    ("GET", "/api/measures/{name}"): "viewer",
    ("GET", "/api/works"): "viewer",
    ("POST", "/api/works"): "crew",
    ("GET", "/api/works/{id}"): "viewer",
    ("POST", "/api/works/{id}/verdict"): "crew",
    ("POST", "/api/works/{id}/{action}"): "crew",
    ("GET", "/api/alerts/{id}/verdict"): "viewer",
    ("POST", "/api/alerts/{id}/verdict"): "crew",
    ("GET", "/api/precision"): "viewer",
    ("GET", "/api/webhooks"): "manager",
    ("GET", "/api/cold/rooms"): "viewer",
    ("GET", "/api/cold/excursions"): "viewer",
    ("GET", "/api/cold/excursions/{id}"): "viewer",
    ("GET", "/api/cold/exposures"): "viewer",
    ("GET", "/api/cold/report"): "viewer",
    ("POST", "/api/cold/excursions/{id}/release"): "manager",
    ("POST", "/api/cold/excursions/{id}/scrap"): "manager",
    ("GET", "/api/portal"): "supplier",
    ("POST", "/api/portal/plan"): "supplier",
    ("POST", "/api/portal/stock"): "supplier",
    ("POST", "/api/portal/orders/{id}/{action}"): "supplier",
    ("GET", "/api/portal/orders/{id}/papers/{kind}"): "supplier",
    ("GET", "/api/portal/papers/{kind}"): "supplier",
    ("POST", "/api/portal/papers"): "supplier",
    ("GET", "/api/public/{link}"): None,
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
        hint = "sign in (POST /api/session), or send a machine's token as `Authorization: Bearer TOKEN`"
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

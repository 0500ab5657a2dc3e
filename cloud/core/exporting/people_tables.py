"""Tables of people: who is asked when, who may sign in and is signed in, and who did what. No secret is in them, nor
what one is kept as."""

from __future__ import annotations

from cloud.core.exporting.columns import Table, flag, joined, text, time, whole

TABLES = (
    Table(
        "roster",
        "A turn in which somebody of a team is asked first, of the next 92 days.",
        (text("team"), text("person"), time("from"), time("until"), flag("stands_in")),
        lambda source, _: source.roster(),
    ),
    Table(
        "users",
        "An account.",
        (
            text("user", "name"), text("role"), text("supplier"), flag("disabled"), flag("pending"), flag("own"),
            flag("vouched"), time("signed_in"), whole("sessions"), whole("tokens"), time("changed"), text("changed_by"),
        ),
        lambda source, _: source.users(),
        right="govern",
    ),
    Table(
        "sessions",
        "A session that is open now.",
        (
            text("session", "id"), text("user"), time("since"), time("used"), time("expires"), text("address"),
            text("browser"),
        ),
        lambda source, _: source.sessions(),
        right="govern",
    ),
    Table(
        "tokens",
        "An API token: what it was made for, and what it may now.",
        (
            text("token", "id"), text("owner"), text("name"), text("scopes", lambda one: joined(one.scopes)),
            text("rights", lambda one: joined(one.rights)), time("made"), time("expires"), time("used"),
        ),
        lambda source, _: source.tokens(),
        right="govern",
    ),
    Table(
        "audit",
        "What somebody did, or was refused.",
        (
            whole("id"), time("at"), text("who"), text("token"), text("what"), text("subject"), text("note"),
            text("address"), whole("status"), text("code"),
        ),
        lambda source, span: source.deeds(span),
        time="at_utc",
        right="govern",
    ),
)  # fmt: skip

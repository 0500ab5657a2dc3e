"""Roles and rights: what a route asks for, what each role may, and who is asking."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Role = Literal["viewer", "operator", "maintenance", "buyer", "supplier", "admin"]
Right = Literal["look", "respond", "handle", "maintain", "buy", "govern", "portal", "admit", "self", "anyone"]
"""What a route asks for."""
Scope = Literal["look", "respond", "handle", "maintain", "buy", "govern", "portal"]
"""The rights that a token can have: it opens no session, and makes no other token."""
ROLES: tuple[Role, ...] = typing.get_args(Role)
SCOPES: tuple[Scope, ...] = typing.get_args(Scope)
_EVERYONE = frozenset[Right](("self", "anyone"))
RIGHTS: Mapping[Role, frozenset[Right]] = {
    "viewer": _EVERYONE | {"look"},
    "operator": _EVERYONE | {"look", "respond", "handle"},
    "maintenance": _EVERYONE | {"look", "respond", "maintain"},
    "buyer": _EVERYONE | {"look", "respond", "handle", "buy"},
    "supplier": _EVERYONE | {"portal"},
    "admin": _EVERYONE | {"look", "respond", "handle", "maintain", "buy", "govern", "admit"},
}
"""What each role may. `admit`: let people in, change and remove them, which no token may, as what it made could do more
than it and would stay when it ends; `self`: the own sessions and tokens; `anyone`: whoever is signed in, by whatever. A
supplier sees its portal, and nothing else."""


class Who(Struct, frozen=True):
    """Who is asking. `supplier`: for whom, in the portal. `pending`: by a one-time password, which is to be changed
    before anything else. `scopes`: what the `token` may that it came with; None of a person's session."""

    name: str
    role: Role
    supplier: str = ""
    pending: bool = False
    token: str = ""
    scopes: frozenset[Scope] | None = None

    @property
    def rights(self) -> frozenset[Right]:
        """All that it may: a token what its owner may now, as far as its scopes go."""
        if self.pending:
            return frozenset(("anyone",))
        mine = RIGHTS[self.role]
        return mine if self.scopes is None else mine & (self.scopes | {"anyone"})

    def may(self, right: Right) -> bool:
        """Whether it has that right."""
        return right in self.rights

"""Who stands at which place of the site file: what was met in the field, and approved by people.

The site file says which places there are, and may say who stands there. Who was enrolled at a place counts instead,
until somebody edits what the file says of it: the newer word holds, as with what people teach.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from edge.core.cannot import CannotError
from edge.core.field.strangers import Key
from protocols.fieldwork import Approve, Enrol, Enrolment, FieldAction, Met, Refuse, Release
from protocols.layout import Device, Site, address_key
from protocols.readings import Problem

REFUSED_MAX = 1000
"""Beyond it the one that was silent longest is forgotten, and met anew when it speaks."""


class FieldError(CannotError):
    """The places are not changed so."""


class Book(Struct):
    """What is kept of it, in the order in which it was asked for and refused."""

    enrolments: dict[str, Enrolment] = {}
    refused: list[Met] = []


class Places:
    """The places of one site."""

    def __init__(self, site: Site, book: Book | None = None) -> None:
        self.site = site
        self.book = book or Book()
        for device, one in list(self.book.enrolments.items()):
            if device not in site.device_by_id or one.said != _said(site.device_by_id[device]):
                del self.book.enrolments[device]
        self._refused: dict[Key, Met] = {(one.source, one.address): one for one in self.book.refused}
        self._sort()

    def at(self, source: str, address: str) -> str | None:
        """The place where this one stands; None for a stranger."""
        device = self._standing.get((source, key_of(source, address)))
        if device is not None:
            return device
        if not source:
            return address if address in self.site.device_by_id and address not in self.taken else None
        listed = self.site.device_by_address.get((source, address_key(address)))
        return listed.id if listed is not None and listed.id not in self.taken else None

    def who(self, device: str) -> tuple[str, str]:
        """Source and address of who stands at a place."""
        one = self.book.enrolments.get(device)
        return (
            (one.source, one.address) if one is not None and one.approved_ms else _said(self.site.device_by_id[device])
        )

    @property
    def plain(self) -> bool:
        """Whether everybody stands where the site file says, and nobody was refused."""
        return not self.taken and not self._refused

    def refused(self, source: str, address: str, now_ms: int) -> bool:
        """Whether this one was refused; that it spoke again is noted."""
        one = self._refused.get((source, address))
        if one is not None:
            one.at_ms = now_ms
            one.messages += 1
        return one is not None

    def do(self, action: FieldAction, met: Mapping[Key, Met], by: str, now_ms: int, heard: bool = False) -> str:
        """Do what people want; the place it is about, "" for none. `heard`: somebody spoke there before. Raises
        `FieldError`, and then nothing has changed."""
        if isinstance(action, Enrol):
            return self._enrol(action, met, by, now_ms, heard)
        if isinstance(action, Approve):
            return self._approve(action, by, now_ms)
        if isinstance(action, Release):
            self._enrolment(action.device)
            del self.book.enrolments[action.device]
            self._sort()
            return action.device
        if isinstance(action, Refuse):
            return self._refuse(action, met, by, now_ms)
        if self._refused.pop((action.source, action.address), None) is None:
            raise FieldError(
                f"{action.address!r} was not refused; look at the list again", "not_refused", address=action.address
            )
        self.book.refused = list(self._refused.values())
        return ""

    def _enrol(self, action: Enrol, met: Mapping[Key, Met], by: str, now_ms: int, heard: bool) -> str:
        source, address, place = action.source, action.address, self.site.device_by_id.get(action.device)
        if place is None:
            said = f"the site file has no device {action.device!r}; plan it in the site file first"
            raise FieldError(said, "no_place", device=action.device)
        if (source, address) in self._refused:
            raise FieldError(f"{address!r} was refused; admit it first", "was_refused", address=address)
        one = met.get((source, address))
        if one is None:
            said = f"nobody called {address!r} has spoken without a place; let it speak, then look again"
            raise FieldError(said, "nobody", address=address)
        for other in self.book.enrolments.values():
            if other.device != place.id and (other.source, key_of(other.source, other.address)) == (
                source,
                key_of(source, address),
            ):
                said = f"{address!r} is enrolled at {other.device!r} already; release it there first"
                raise FieldError(said, "elsewhere", address=address, device=other.device)
        waiting = self.book.enrolments.get(place.id)
        if waiting is not None and not waiting.approved_ms:
            said = f"{waiting.address!r} waits for approval at {place.id!r}; approve it, or release the place"
            raise FieldError(said, "waits", address=waiting.address, device=place.id)
        self._fits(one, place)
        was = self.who(place.id)[1] if heard or waiting is not None else ""
        self.book.enrolments[place.id] = Enrolment(place.id, source, address, now_ms, by, _said(place), was)
        self._sort()
        return place.id

    def _fits(self, one: Met, place: Device) -> None:
        if one.fits and place.kind not in one.fits:
            what = f"{one.address!r} speaks as a {one.kind}, and {place.id!r} is to be a {place.kind}"
            said = f"{what}; choose another place, or correct its kind in the site file"
            raise FieldError(said, "other_kind", address=one.address, kind=one.kind, device=place.id, wanted=place.kind)
        if place.kind == "shelf" and one.channels:
            wanted = {slot.channel for slot in self.site.slots if slot.device == place.id}
            if wanted and wanted.isdisjoint(one.channels):
                theirs, ours = ", ".join(one.channels), ", ".join(sorted(wanted))
                said = f"the slots of {place.id!r} name channels {ours}, and {one.address!r} speaks on {theirs}"
                raise FieldError(
                    f"{said}; correct them in the site file",
                    "other_channels", address=one.address, theirs=theirs, device=place.id, ours=ours,
                )  # fmt: skip

    def _approve(self, action: Approve, by: str, now_ms: int) -> str:
        one = self._enrolment(action.device)
        if one.approved_ms:
            said = f"{one.address!r} was approved at {one.device!r} already"
            raise FieldError(said, "approved", address=one.address, device=one.device)
        self.book.enrolments[one.device] = msgspec.structs.replace(one, approved_ms=now_ms, approved_by=by)
        self._sort()
        return one.device

    def _refuse(self, action: Refuse, met: Mapping[Key, Met], by: str, now_ms: int) -> str:
        key = (action.source, action.address)
        one = met.get(key)
        if one is None or not one.address:
            said = f"nobody called {action.address!r} has spoken without a place; look at the list again"
            raise FieldError(said, "nobody", address=action.address)
        for other in self.book.enrolments.values():
            if (other.source, other.address) == key:
                said = f"{one.address!r} is enrolled at {other.device!r}; release it there first"
                raise FieldError(said, "elsewhere", address=one.address, device=other.device)
        self._refused[key] = msgspec.structs.replace(one, refused_ms=now_ms, refused_by=by, why=action.why)
        if len(self._refused) > REFUSED_MAX:
            del self._refused[min(self._refused, key=lambda each: self._refused[each].at_ms)]
        self.book.refused = list(self._refused.values())
        return ""

    def _enrolment(self, device: str) -> Enrolment:
        one = self.book.enrolments.get(device)
        if one is None:
            raise FieldError(f"nobody is enrolled at {device!r}; look at the list again", "not_enrolled", device=device)
        return one

    def _sort(self) -> None:
        approved = [one for one in self.book.enrolments.values() if one.approved_ms]
        self._standing = {(one.source, key_of(one.source, one.address)): one.device for one in approved}
        self.taken = {one.device for one in approved}
        """Places where somebody else stands than the site file says."""


def key_of(source: str, address: str) -> str:
    """What makes two spellings of an address the same; our own format has one spelling."""
    return address_key(address) if source else address


def no_place(device: str, site: Site) -> Problem:
    """The problem of a device of ours that has no place."""
    detail = f"device {device!r} is not in the site file of {site.site.id!r}"
    hint = "enrol it at a place of the site file, or add it under [[devices]]"
    return Problem("device.unknown", detail, hint, device)


def _said(device: Device) -> tuple[str, str]:
    return device.source, device.address or device.id

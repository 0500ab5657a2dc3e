"""The papers of partners' machines: those that are made for them, and what theirs ask for, done as in the portal."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

from cloud.core.book.entries import Entry, Sensed, order_of, taken_back
from cloud.core.office_view import Acted, PaperOutcome
from cloud.core.office_view import Heard as Told
from cloud.core.purchasing import agreements, answers, papers
from cloud.core.purchasing.agreements import Known, seen
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.papers import Flow, Partner
from cloud.core.refusals import Refusal
from cloud.core.trade_view import OrderView
from cloud.desks.purchasing import Purchasing
from cloud.desks.refusing import OnDisk, granted, of_site, storing
from cloud.stores.books import Books
from cloud.web import office
from cloud.web.desk import DeskError, NotFound, Refused, Unavailable
from cloud.web.roles import Who
from protocols.documents.papers import Document
from protocols.documents.reading import read
from protocols.documents.sending import Mailbox

WEEK_MS = 7 * 86_400_000
KINDS: Final = ("846", "852", "850", "860", "INVRPT", "ORDERS", "EPCIS")
OF_ORDERS: Final = frozenset(("850", "860", "ORDERS"))
TYPES: Final = {"x12": "application/edi-x12", "edifact": "application/edifact"}
NUMBER_MAX = 999_999_999
HEARD_MAX = 1_000
"""Interchanges of one supplier that are known again, the newest; an older one is read as if it were new."""
DONE_KEPT = 100
"""What came of so many papers of one interchange is told again."""


class Heard(Struct, array_like=True):
    """An interchange that something was done of: its number, what its bytes come to, and for each of its papers what
    was done with which order, or why not."""

    number: str
    digest: bytes
    done: list[tuple[Acted, int] | dict[str, str]]


class Papers:
    """The papers of one site. `known` is what the site knows of SKUs."""

    def __init__(self, purchasing: Purchasing, books: Books, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self.site = purchasing.site
        self.known: Callable[[list[str]], list[Known]] = lambda _: []
        self.gone: Callable[[], frozenset[int]] = frozenset
        """The entries that were taken back."""
        self.delivered: Callable[[str], Collection[int]] = lambda _: ()
        """The orders that were sent to a supplier."""
        self._purchasing = purchasing
        self._books = books
        self._on_disk = on_disk
        self._now_ms = now_ms
        self._over = frozenset(one.id for one in self.site.skus if one.discontinued)
        self._numbering, self._hearing = asyncio.Lock(), asyncio.Lock()
        self._heard: dict[str, list[Heard]] = {}
        """Supplier -> the interchanges that came of it, the oldest first."""

    async def paper(self, kind: str, supplier: str, order: int) -> tuple[str, bytes]:
        """A paper for a supplier's machine, with its content type: of its shelves (846, 852, INVRPT, EPCIS), or of an
        order (850, 860, ORDERS); `supplier` "" is whose order it is."""
        if kind not in KINDS:
            raise NotFound(f"there is no paper {kind[:20]!r}", f"there are {', '.join(KINDS)}")
        if order and kind not in OF_ORDERS:
            raise NotFound(f"{kind} is no paper of an order", f"there are {', '.join(sorted(OF_ORDERS))}")
        versions: list[Order] = []
        if order:
            with storing():
                versions = [one.order for one in await asyncio.to_thread(self._books.versions, order)]
            if not versions or (supplier and (versions[-1].supplier != supplier or not versions[-1].sent_ms)):
                raise NotFound(f"there is no order {order}", "the list shows all there are")
            supplier = versions[-1].supplier
        elif kind in OF_ORDERS:
            raise NotFound(f"{kind} is the paper of an order", "ask for it at /api/v1/portal/orders/NUMBER/papers")
        if kind == "EPCIS":
            return "application/json", await self._events(supplier)
        partner = self._partner(supplier)
        if kind.isdigit() == (partner.standard != "x12"):
            said = f"With {supplier} {partner.standard.upper()} is agreed on, of which {kind} is none."
            raise Refused("other_standard", said, "Ask for the paper of that standard.")
        made = granted(await self._made(kind, partner, versions, await self._number(supplier)))
        return TYPES[partner.standard], made

    async def hear(self, data: bytes, who: Who) -> Told:
        """A supplier's paper (855, 856, ORDRSP, DESADV): what it asks for is done with its own orders, one by one.
        An order that somebody else changes meanwhile is left as it is; what can not be read is refused whole. Of an
        interchange that came before, by its number, nothing is done: it is answered as it was."""
        partner = self._partner(who.supplier)
        async with self._hearing:
            document = await asyncio.to_thread(read, data)
            digest = blake2b(data, digest_size=16).digest()
            if (no := answers.unfit(partner, document)) is not None:
                if not document.contents:
                    granted(no)
                return Told([_refused(no)], document.problems)
            known = await self._heard_of(who.supplier)
            number = f"{document.standard}:{document.number}" if document.number else ""
            same = (one for one in known if (one.number == number if number else one.digest == digest))
            if (before := next(same, None)) is not None:
                return await self._again(before, digest, document)
            orders = self._purchasing.every()
            asked = await asyncio.to_thread(answers.steps, self.site, partner, document, orders)
            told, done = await self._do(asked, who)
            if any(isinstance(one, tuple) for one in done):
                kept = [*known, Heard(number, digest, done[:DONE_KEPT])][-HEARD_MAX:]
                with storing():
                    await self._on_disk(self._books.keep, f"heard:{who.supplier}", msgspec.msgpack.encode(kept))
                self._heard[who.supplier] = kept
        return Told(told, document.problems)

    async def _do(
        self, asked: Sequence[answers.Step | Refusal], who: Who
    ) -> tuple[list[PaperOutcome], list[tuple[Acted, int] | dict[str, str]]]:
        """What came of each, as it is told and as it is kept."""
        told, kept = list[PaperOutcome](), list[tuple[Acted, int] | dict[str, str]]()
        versions: dict[int, int] = {}
        """Of the orders that this paper changed already."""
        for one in asked:
            if isinstance(one, Refusal):
                no = _refused(one)
            else:
                try:
                    view = await self._step(one, versions.get(one.order.id, one.order.version), who)
                except Unavailable:
                    raise  # all of it may be sent again: what is done is not done twice
                except DeskError as error:
                    reason = error.code if isinstance(error, Refused) else "unknown"
                    no = PaperOutcome(reason=reason, detail=error.detail, hint=error.hint)
                else:
                    versions[view.id] = view.version
                    action: Acted = "ask" if one.action == "confirm" and view.asking else one.action
                    told.append(PaperOutcome(action, view))
                    kept.append((action, view.id))
                    continue
            told.append(no)
            kept.append({"reason": no.reason, "detail": no.detail, "hint": no.hint})
        return told, kept

    async def _again(self, before: Heard, digest: bytes, document: Document) -> Told:
        """The answer to an interchange that came before, its orders as they are by now."""
        if before.digest != digest:
            said = f"Interchange {document.number} came before, with something else in it."
            raise Refused("key_used", said, "Number each interchange anew.")
        told = list[PaperOutcome]()
        for one in before.done:
            if isinstance(one, dict):
                told.append(PaperOutcome(reason=one["reason"], detail=one["detail"], hint=one["hint"]))
                continue
            action, number = one
            with storing():
                versions = await asyncio.to_thread(self._books.versions, number)
            told.append(PaperOutcome(action, self._purchasing.view(seen(versions[-1].order), "supplier")))
        return Told(told, document.problems, again=True)

    async def _heard_of(self, supplier: str) -> list[Heard]:
        """The interchanges that came of a supplier."""
        if supplier not in self._heard:
            with storing():
                blob = await asyncio.to_thread(self._books.kept, f"heard:{supplier}")
            self._heard[supplier] = [] if blob is None else msgspec.msgpack.decode(blob, type=list[Heard])
        return self._heard[supplier]

    async def _step(self, asked: answers.Step, version: int, who: Who) -> OrderView:
        names = dict.fromkeys([*asked.units, *asked.dues, *asked.prices])
        lines = [
            office.StepLine(sku, asked.units.get(sku), unit_price=asked.prices.get(sku), due_ms=asked.dues.get(sku))
            for sku in names
        ]
        return await self._purchasing.step(
            asked.order.id, asked.action, office.Step(version, lines, key=asked.key), who, ""
        )

    async def _made(self, kind: str, partner: Partner, versions: list[Order], number: int) -> bytes | Refusal:
        site, now_ms = self.site, self._now_ms()
        if kind in ("850", "ORDERS"):
            return await asyncio.to_thread(papers.ordered, site, partner, versions[-1], now_ms, number)
        if kind == "860":
            return papers.changed(site, partner, versions, now_ms, number)
        mine, orders = self._shared(partner.supplier), self._purchasing.every()
        shelves = agreements.shelves(site.agreements, partner.supplier, self.known(mine), site.offers, orders)
        if kind in ("846", "INVRPT"):
            return await asyncio.to_thread(papers.stock, site, partner, shelves, now_ms, number)
        since_ms = now_ms - WEEK_MS
        facts = await self._moves(partner.supplier, mine, since_ms)
        received, picked = Counter[str](), Counter[str]()
        for one in facts:
            (received if one.kind == "receipt" else picked)[one.sku] += abs(one.units)
        flows = {sku: Flow(received[sku], picked[sku]) for sku in mine}
        return await asyncio.to_thread(papers.activity, site, partner, shelves, flows, orders, since_ms, now_ms, number)

    async def _events(self, supplier: str) -> bytes:
        """EPCIS needs no mailboxes: who asks gets them."""
        now_ms, mine = self._now_ms(), self._shared(supplier)
        partner = Partner(supplier, Mailbox(""), Mailbox(""), gln=self.site.site.gln)
        moves = await self._moves(supplier, mine, now_ms - WEEK_MS)
        return granted(await asyncio.to_thread(papers.events, self.site, partner, moves, mine, now_ms)).data

    def _shared(self, supplier: str) -> list[str]:
        """The SKUs that a supplier may see."""
        mine = [*agreements.agreed(self.site.agreements, supplier, self._over)]
        if not mine:
            raise NotFound("there is no agreement about shelves", "agree on one in the site file")
        return mine

    async def _moves(self, supplier: str, skus: list[str], since_ms: int) -> list[Entry]:
        """What came of a supplier's orders and what was picked since then. What was taken back is not in it, nor what
        only says of a slot why its shelf saw something leave, nor what others delivered."""
        gone, mine = self.gone(), self.delivered(supplier)

        def seen() -> list[Entry]:
            return [
                one
                for sku in skus
                for one in self._books.facts(sku, from_ms=since_ms)
                if (type(one) is Sensed or (one.id not in gone and taken_back(one) is None))
                and (_is_pick(one) or (one.kind == "receipt" and order_of(one) in mine))
            ]

        with storing():
            return await asyncio.to_thread(seen)

    async def _number(self, supplier: str) -> int:
        """The next number of an interchange to a partner; it never comes again."""
        key = f"interchange:{supplier}"
        async with self._numbering:
            with storing():
                kept = await asyncio.to_thread(self._books.kept, key)
                number = (int(kept) if kept else 0) % NUMBER_MAX + 1
                await self._on_disk(self._books.keep, key, str(number).encode())
        return number

    def _partner(self, supplier: str) -> Partner:
        known = of_site(self.site, supplier)
        if not (known.mailbox and known.our_mailbox):
            hint = "Give its mailbox and our_mailbox in the site file."
            raise Refused("no_mailbox", f"No papers are agreed on with {known.name}.", hint)
        ours, theirs = Mailbox(known.our_mailbox), Mailbox(known.mailbox)
        return Partner(supplier, ours, theirs, known.standard, gln=self.site.site.gln)


def _refused(no: Refusal) -> PaperOutcome:
    return PaperOutcome(reason=no.reason, detail=no.detail, hint=no.hint)


def _is_pick(entry: Entry) -> bool:
    """One that is told at a slot only explains what its shelf saw."""
    return entry.kind == "pick" and (type(entry) is Sensed or not entry.place)

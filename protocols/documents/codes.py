"""The codes of X12 (004010) and UN/EDIFACT (D.96A) in our words: for the readers one way, for the writers the other."""

from __future__ import annotations

from protocols.documents.trade import Meaning

SCHEMES: dict[str, str] = {
    "UK": "GTIN-14",
    "GT": "GTIN-14",
    "EN": "GTIN-13",
    "SRV": "GTIN",
    "EO": "GTIN-8",
    "UP": "UPC-12",
    "UI": "UPC-12",
    "UA": "UPC-12",
    "VN": "vendor",
    "VP": "vendor",
    "VC": "vendor",
    "SA": "vendor",
    "BP": "buyer",
    "IN": "buyer",
    "IB": "ISBN",
    "MG": "maker",
    "MF": "maker",
    "SK": "SKU",
}
"""Qualifiers of item numbers (X12 element 235, EDIFACT 7143) -> whose number it is."""
TRADE_NUMBERS: dict[str, tuple[int, ...]] = {
    "GTIN": (8, 12, 13, 14),
    "GTIN-14": (14,),
    "GTIN-13": (13,),
    "GTIN-8": (8,),
    "UPC-12": (12,),
}
"""Schemes that tell a GTIN -> the digits it has there."""
BY_DIGITS = {8: "GTIN-8", 12: "UPC-12", 13: "GTIN-13", 14: "GTIN-14"}
"""EDIFACT has one qualifier (EN, later SRV) for them all."""
X12_ITEM = {
    "GTIN-14": "UK",
    "GTIN-13": "EN",
    "GTIN-8": "EO",
    "UPC-12": "UP",
    "vendor": "VP",
    "buyer": "BP",
    "maker": "MG",
    "SKU": "SK",
    "ISBN": "IB",
}
EDIFACT_ITEM = {
    "GTIN-14": "EN",
    "GTIN-13": "EN",
    "GTIN-8": "EN",
    "UPC-12": "UP",
    "vendor": "SA",
    "buyer": "IN",
    "maker": "MF",
    "SKU": "SK",
    "ISBN": "IB",
}
"""Whose number it is -> the qualifier that is written."""

LOTS = ("LT", "NB", "BB")
"""Qualifiers of item numbers that tell a lot: X12 LT; EDIFACT NB batch, BB lot."""

X12_PARTY = {"GLN": "UL", "DUNS": "1", "DUNS+4": "9", "seller": "91", "buyer": "92", "mutual": "ZZ"}
"""Whose number a party's is -> N103 (element 66)."""
EDIFACT_PARTY = {"GLN": "9", "DUNS": "16", "seller": "91", "buyer": "92", "mutual": "ZZZ"}
"""The same in NAD (C082, 3055: who is responsible for the code)."""
X12_MAILBOX = {"DUNS": "01", "phone": "12", "DUNS+4": "14", "mutual": "ZZ"}
"""Whose number a sender's or receiver's is -> ISA05, ISA07 (element I05); 004010 has no code for a GLN."""
EDIFACT_MAILBOX = {"DUNS": "1", "DUNS+4": "9", "phone": "12", "GLN": "14", "mutual": "ZZZ"}
"""The same in UNB (0007)."""

ACTIVITIES = {
    "on_hand": "OH",
    "available": "QA",
    "opening": "QB",
    "closing": "QE",
    "reserved": "QC",
    "on_hold": "HL",
    "damaged": "DG",
    "on_order": "QP",
    "in_transit": "QI",
    "received": "QR",
    "sold": "QS",
    "withdrawn": "QW",
    "returned": "Q2",
    "adjusted": "QT",
    "transferred": "QZ",
    "lost_sales": "LS",
    "out_of_stock": "QO",
    "minimum": "QL",
    "maximum": "QM",
    "reorder_point": "PO",
    "planned_order": "OQ",
}
"""What an amount of an 852 is -> ZA01 (element 859)."""

CHANGES = {
    "added": "AI",
    "changed": "CA",
    "dates": "CT",
    "deleted": "DI",
    "price": "PC",
    "decreased": "QD",
    "increased": "QI",
    "replaced": "RZ",
}
"""What becomes of a line -> POC02 (element 670)."""
CHANGE_KINDS = {"cancel": "01", "change": "04", "replace": "05"}
"""What becomes of an order -> BCH01 (element 353)."""

X12_ANSWERS: dict[str, Meaning] = {
    "IA": "accepted",
    "AC": "accepted",
    "AR": "accepted",
    "IC": "changed",
    "IE": "accepted",
    "IQ": "quantity_changed",
    "DR": "date_changed",
    "SP": "date_changed",
    "IP": "price_changed",
    "IS": "substituted",
    "BP": "part_backordered",
    "IB": "backordered",
    "IF": "on_hold",
    "IH": "on_hold",
    "IW": "on_hold",
    "ID": "rejected",
    "IR": "rejected",
    **dict.fromkeys(("R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9"), "rejected"),
}
"""ACK01 (element 668) -> what it comes to. IE: accepted, its price to come; SP: accepted, its date to come."""
EDIFACT_ANSWERS: dict[str, Meaning] = {
    "2": "rejected",
    "3": "changed",
    "5": "accepted",
    "6": "changed",
    "7": "rejected",
    "10": "rejected",
}
"""LIN 1229 -> what it comes to: 2 deleted, 3 changed, 5 accepted, 6 accepted with amendment, 7 not accepted, 10 not
found."""
EDIFACT_VERDICTS: dict[str, Meaning] = {"29": "accepted", "4": "changed", "27": "rejected"}
"""BGM 1225 of an ORDRSP, for lines that say nothing themselves."""

X12_PURPOSES = {
    "00": "",
    "06": "",
    "07": "",
    "01": "cancel",
    "02": "add",
    "03": "delete",
    "04": "change",
    "05": "replace",
}
"""BSN01, BAK01 (element 353) -> what a paper does to an earlier one, "" where nothing: 00 original, 06 confirmation, 07
duplicate."""
EDIFACT_PURPOSES = {
    "9": "",
    "6": "",
    "7": "",
    "1": "cancel",
    "2": "add",
    "3": "delete",
    "4": "change",
    "5": "replace",
}
"""BGM 1225 -> the same; an ORDRSP tells its verdict (27, 29) in it too."""


def word_of(code: str, words: dict[str, str]) -> str:
    """The word for a code, or the code itself where there is none."""
    return next((word for word, one in words.items() if one == code), code)

"""What is on a tag is understood: GTIN, SSCC and the other keys, by the examples of the standard and beyond them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import epc
from protocols.gs1 import check_digit, gtin_14, sgtin_96

SHARED = Path(__file__).resolve().parents[3] / "shared"
SAMPLES = SHARED / "samples" / "epc_vectors.tsv"
STANDARD = SHARED / "data" / "vectors" / "epc_tds.csv"
needs_vectors = pytest.mark.skipif(
    not (SAMPLES.exists() and STANDARD.exists()), reason="the EPC vectors (../shared beside the project) are not here"
)

# GS1 EPC Tag Data Standard 2.3, section E.3 (SSCC++ and ITIP++ with the headers of table 14-1, which E.3 misprints):
# scheme, hex, tag URI, element string.
EXAMPLES = [
    (
        "SGTIN-198",
        "3666C4409047E159B2C2BF100000000000000000000000000000",
        "urn:epc:tag:sgtin-198:3.95060001343.05.32a%2Fb",
        "(01)09506000134352(21)32a/b",
    ),
    ("SGTIN++", "FD3795211411234538566CB0AFC525065F1876F0D996D800", "", "(01)79521141123453(21)32a/b"),
    ("DSGTIN++", "FC342CDE795211411234538566CB0AFC525065F1876F0D996D80", "", "(01)79521141123453(21)32a/b(17)220630"),
    ("SSCC+", "F90095201234567891235", "", "(00)095201234567891235"),
    ("SSCC++", "EF0095201234567891235", "", "(00)095201234567891235"),
    (
        "SGLN-195",
        "3976451FD46072CD9615F8800000000000000000000000000000",
        "urn:epc:tag:sgln-195:3.9521141.12345.32a%2Fb",
        "(414)9521141123454(254)32a/b",
    ),
    ("SGLN+", "F2395211411234548566CB0AFC4", "", "(414)9521141123454(254)32a/b"),
    ("SGLN++", "E9395211411234548566CB0AFC525065F1876F0D996D8000", "", "(414)9521141123454(254)32a/b"),
    ("GRAI++", "EB3095211411234548566CB0AFC525065F1876F0D996D800", "", "(8003)0952114112345432a/b"),
    ("GIAI-96", "3476451FD40000000000162E", "urn:epc:tag:giai-96:3.9521141.5678", "(8004)95211415678"),
    (
        "GIAI-202",
        "3876451FD59B2C2BF10000000000000000000000000000000000",
        "urn:epc:tag:giai-202:3.9521141.32a%2Fb",
        "(8004)952114132a/b",
    ),
    ("GIAI+", "FA3952114132E83C2BF10", "", "(8004)952114132a/b"),
    ("GIAI++", "EE3952114132E83C2BF1494197C61DBC3665B600", "", "(8004)952114132a/b"),
    ("GSRN+", "F43952114112345678906", "", "(8018)952114112345678906"),
    ("GSRN++", "E7395211411234567890692832F8C3B786CCB6C0", "", "(8018)952114112345678906"),
    ("GSRNP-96", "2E76451FD4499602D2000000", "urn:epc:tag:gsrnp-96:3.9521141.1234567890", "(8017)952114112345678906"),
    ("GSRNP+", "F53952114112345678906", "", "(8017)952114112345678906"),
    ("GSRNP++", "E8395211411234567890692832F8C3B786CCB6C0", "", "(8017)952114112345678906"),
    (
        "GDTI-174",
        "3E76451FD7039B061438997367D0C18B266D1AB66EE0",
        "urn:epc:tag:gdti-174:3.9521141.98765.ABCDefgh012345678",
        "(253)9521141987650ABCDefgh012345678",
    ),
    ("GDTI+", "F6395211411234540458B8", "", "(253)95211411234545678"),
    ("GDTI++", "EA395211411234540458BA4A0CBE30EDE1B32DB0", "", "(253)95211411234545678"),
    ("CPI-96", "3C76451FD400C0E680003039", "urn:epc:tag:cpi-96:3.9521141.98765.12345", "(8010)952114198765(8011)12345"),
    (
        "CPI-var",
        "3D76451FD75411DEF6B4CC00000003039000",
        "urn:epc:tag:cpi-var:3.9521141.5PQ7%2FZ43.12345",
        "(8010)95211415PQ7/Z43(8011)12345",
    ),
    ("CPI+", "F0395211415E87A145BAFB4D19A8C0E4", "", "(8010)95211415PQ7/Z43(8011)12345"),
    ("CPI++", "E6395211415E87A145BAFB4D19A8C0E64A0CBE30EDE1B32DB000", "", "(8010)95211415PQ7/Z43(8011)12345"),
    ("SGCN-96", "3F76451FD612640000019907", "urn:epc:tag:sgcn-96:3.9521141.67890.04711", "(255)952114167890904711"),
    ("SGCN+", "F839521141678909509338", "", "(255)952114167890904711"),
    ("SGCN++", "EC3952114167890950933C94197C61DBC3665B60", "", "(255)952114167890904711"),
    ("GID-96", "3500E86F8000A9E000000586", "urn:epc:tag:gid-96:952056.2718.1414", ""),
    ("USDOD-96", "2F320434147455900000162E", "urn:epc:tag:usdod-96:3.CAGEY.5678", ""),
    ("ADI-var", "3B0E0CF5E76C9047759AD00373DC7602E7200", "urn:epc:tag:adi-var:3.35962.PQ7VZ4.M37GXB92", ""),
    (
        "ITIP-110",
        "4076451FD40C0E40820000000F54",
        "urn:epc:tag:itip-110:3.9521141.012345.01.02.981",
        "(8006)095211411234540102(21)981",
    ),
    (
        "ITIP-212",
        "4176451FD40C0E4082DBDD8B36600000000000000000000000000000",
        "urn:epc:tag:itip-212:3.9521141.012345.01.02.mw133",
        "(8006)095211411234540102(21)mw133",
    ),
    ("ITIP+", "F3309521141123454010266AE27FDF35", "", "(8006)095211411234540102(21)rif981"),
    ("ITIP++", "ED309521141123454010266AE27FDF3592832F8C3B786CCB6C00", "", "(8006)095211411234540102(21)rif981"),
]


@pytest.mark.parametrize(("scheme", "epc_hex", "tag_uri", "told"), EXAMPLES, ids=[one[0] for one in EXAMPLES])
def test_an_example_of_the_standard_means_what_it_says(scheme: str, epc_hex: str, tag_uri: str, told: str) -> None:
    found = epc.decode(epc_hex)

    assert found is not None
    assert (found.scheme, found.tag_uri, found.element_string) == (scheme, tag_uri, told)
    assert found.uri.startswith("urn:epc:id:" if tag_uri else "https://id.gs1.org/")


@needs_vectors
def test_vectors_of_other_implementations_mean_what_they_say() -> None:
    with SAMPLES.open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    with STANDARD.open() as lines:
        for row in csv.DictReader(lines):
            row["hex"], row["gs1_element_string"] = row["binary_hex"], row["gs1_element_string"].replace(" ", "")
            rows.append({**row, "scheme": row["scheme"].upper(), "digital_link_path": ""})

    assert len(rows) >= 32
    for row in rows:
        found = epc.decode(row["hex"])
        assert found is not None, row
        assert found.scheme == row["scheme"]
        for said, meant in (
            (found.tag_uri, "tag_uri"),
            (found.uri, "pure_identity_uri"),
            (found.element_string, "gs1_element_string"),
            (found.digital_link, "digital_link_path"),
        ):
            assert row[meant] in ("", said), row


def test_an_item_tells_its_gtin_and_serial_number() -> None:
    for epc_hex in ("3074257BF7194E4000001A85", "3074257bf7194e4000001a85"):
        found = epc.decode(epc_hex)

        assert found is not None
        assert (found.gtin, found.serial, found.filter, found.sscc) == ("80614141123458", "6789", 3, "")


def test_a_pallet_tells_its_sscc() -> None:
    found = epc.decode("3174257BF4499602D2000000")

    assert found is not None
    assert (found.sscc, found.serial, found.gtin) == ("106141412345678908", "", "")


def test_a_piece_of_an_item_belongs_to_its_gtin() -> None:
    found = epc.decode("4076451FD40C0E40820000000F54")

    assert found is not None
    assert (found.gtin, found.serial) == ("09521141123454", "981")


def test_a_dated_item_tells_its_date_beside_the_link_of_the_item() -> None:
    found = epc.decode("FB342CDE795211411234538566CB0AFC4")

    assert found is not None
    assert found.digital_link == "/01/79521141123453/21/32a%2Fb?17=220630"
    assert found.uri == "https://id.gs1.org/01/79521141123453/21/32a%2Fb"
    assert found.serial == "32a/b"


def test_a_place_without_an_extension_is_just_its_number() -> None:
    found = epc.decode("3274257BF460720000000000")

    assert found is not None
    assert (found.element_string, found.uri) == ("(414)0614141123452", "urn:epc:id:sgln:0614141.12345.0")


@pytest.mark.parametrize(
    "epc_hex",
    [
        "E28011606000020497CB0065",  # a chip's own number
        "E200001234567890",
        "000000000000000000003442",  # counted up
        "AA0004EF55555555AA21BF43",
        "307C257BF7194E4000001A85",  # partition value 7
        "307BFFFFFFFFFFFFFFFFFFFF",  # a company prefix of more digits than it may have
        "3074257BF7194E4000001A8",  # a nibble short
        "3074257BF7194E4000001A850001",  # more than was padded
        "3174257BF4499602D2000001",  # reserved bits
        "3674257BF6B7A600000000000000000000000000000000000000",  # no serial number
        "F73A952114112345385",  # a digit that is none
        "F0",
        "30",
        "",
        "xyz",
        "0x3074257BF7194E4000001A",
        "3074 257BF7194E4000001A85",
        "30" * 63,
        "\u0663\u0660" * 12,
    ],
)
def test_a_tag_that_nobody_programmed_has_no_meaning(epc_hex: str) -> None:
    assert epc.decode(epc_hex) is None


def plus(*fields: tuple[int, int]) -> str:
    """A GDTI+ of a document of GLN 9521141123454 and a serial number of (value, bits) fields."""
    number, width = 0xF6_3_9521141123454, 64
    for value, bits in fields:
        number, width = number << bits | value, width + bits
    return f"{number << (-width % 4):0{(width + 3) // 4}X}"


@pytest.mark.parametrize(
    ("fields", "serial"),
    [
        (((0, 3), (4, 5), (78, 14)), "0078"),
        (((1, 3), (3, 5), (0x0AF, 12)), "0AF"),
        (((2, 3), (3, 5), (0x0AF, 12)), "0af"),
        (((3, 3), (2, 5), (26, 6), (63, 6)), "a_"),
        (((4, 3), (2, 5), (ord("a"), 7), (ord("/"), 7)), "a/"),
        (((5, 3), (4, 5), (1600 * 1 + 40 * 2 + 3 + 1, 16), (1600 * 39 + 1, 16)), "ABC9"),
    ],
)
def test_each_way_to_write_a_serial_number_is_read(fields: tuple[tuple[int, int], ...], serial: str) -> None:
    found = epc.decode(plus(*fields))

    assert found is not None
    assert found.element_string == f"(253)9521141123454{serial}"
    assert found.serial == serial


@pytest.mark.parametrize(
    "fields",
    [
        ((0, 3), (4, 5), (10_000, 14)),
        ((0, 3), (0, 5)),
        ((0, 3), (18, 5), (1, 60)),
        ((4, 3), (1, 5), (0x40, 7)),
        ((5, 3), (1, 5), (0, 16)),
        ((5, 3), (1, 5), (64_001, 16)),
        ((5, 3), (1, 5), (1600 + 40 + 1, 16)),
        ((5, 3), (3, 5), (1600 + 1, 16)),
        ((6, 3), (1, 5), (0, 16)),
        ((4, 3), (9, 5), (ord("a"), 7)),
    ],
)
def test_a_serial_number_that_is_not_written_as_it_says_has_no_meaning(fields: tuple[tuple[int, int], ...]) -> None:
    assert epc.decode(plus(*fields)) is None


GTINS = st.integers(0, 10**13 - 1).map(lambda body: f"{body:013d}{check_digit(f'{body:013d}')}")


@given(GTINS, st.integers(0, 2**38 - 1), st.integers(6, 12), st.integers(0, 7))
def test_an_item_that_is_written_is_read_again(gtin: str, serial: int, company_digits: int, value: int) -> None:
    found = epc.decode(sgtin_96(gtin, serial, company_digits, value))

    assert found is not None
    assert (found.scheme, found.gtin, found.serial, found.filter) == ("SGTIN-96", gtin, str(serial), value)
    assert found.uri.split(":")[4].split(".")[0] == gtin[1 : 1 + company_digits]


@given(st.integers(0, 2**88 - 1))
def test_an_item_that_is_read_is_written_the_same_again(rest: int) -> None:
    epc_hex = f"30{rest:022X}"

    found = epc.decode(epc_hex)

    if found is not None:
        company = found.uri.split(":")[4].split(".")[0]
        assert sgtin_96(found.gtin, int(found.serial), len(company), found.filter or 0) == epc_hex


HEADERS = [int(epc_hex[:2], 16) for _, epc_hex, _, _ in EXAMPLES] + [0x3A, 0x37]


@given(st.sampled_from(HEADERS), st.binary(min_size=1, max_size=61), st.integers(0, 30))
def test_whatever_a_tag_holds_means_something_printable_or_nothing(header: int, rest: bytes, zeros: int) -> None:
    found = epc.decode(f"{header:02X}{(rest + bytes(zeros))[:61].hex()}")

    if found is not None:
        told = found.uri + found.tag_uri + found.element_string + found.digital_link + found.serial
        assert told.isascii()
        assert told.isprintable()
        assert len(found.gtin) in (0, 14)
        assert len(found.sscc) in (0, 18)


def test_meanings_are_remembered_up_to_a_limit() -> None:
    assert epc.decode.cache_info().maxsize == epc.CACHED
    assert epc.decode("3074257BF7194E4000001A85") is epc.decode("3074257BF7194E4000001A85")


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("80614141123458", "80614141123458"),
        ("4006381333931", "04006381333931"),
        (" 036000291452 ", "00036000291452"),
        ("96385074", "00000096385074"),
        ("4006381333932", None),
        ("400638133393", None),
        ("", None),
        ("four", None),
        ("\u0664006381333931", None),
    ],
)
def test_a_bar_code_becomes_a_gtin_of_14_digits(text: str, gtin: str | None) -> None:
    assert gtin_14(text) == gtin


def test_what_a_tag_can_not_say_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="is no GTIN"):
        sgtin_96("80614141123459", 1, 7)
    with pytest.raises(ValueError, match="serial number"):
        sgtin_96("80614141123458", 2**38, 7)
    with pytest.raises(ValueError, match="company prefix of 13"):
        sgtin_96("80614141123458", 1, 13)
    with pytest.raises(ValueError, match="filter value 8"):
        sgtin_96("80614141123458", 1, 7, 8)

"""Reading documents: what nobody should send must not end a call without a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.carrier.twiml import TwimlError, Verb, parse


def test_reads_verbs_with_attributes_text_and_children() -> None:
    verbs = parse('<?xml version="1.0"?><Response><Dial timeout="9"> <Number>+1</Number></Dial><Hangup/></Response>')

    assert verbs == (Verb("Dial", {"timeout": "9"}, "+1", (Verb("Number", {}, "+1"),)), Verb("Hangup"))


@pytest.mark.parametrize(
    "document",
    [
        "",
        "<Response>",
        "<Answer/>",
        "<Response><Say>&undefined;</Say></Response>",
        "<Response>" + "<a>" * 9000 + "</a>" * 9000 + "</Response>",
        '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
        + "]><Response><Say>&i;</Say></Response>",
    ],
)
def test_refuses_what_is_no_document(document: str) -> None:
    with pytest.raises(TwimlError) as refusal:
        parse(document)

    assert refusal.value.code == 12100


@given(st.one_of(st.binary(), st.text()))
def test_anything_is_read_or_refused(document: bytes | str) -> None:
    try:
        verbs = parse(document)
    except TwimlError:
        return
    assert all(isinstance(verb, Verb) for verb in verbs)


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "-inf", "1e999", "0x10"])
def test_an_attribute_that_is_no_number_has_its_default(value: str) -> None:
    assert Verb("Pause", {"length": value}).number("length", 1) == 1

"""Written tasks by rule: summaries, labels, facts."""

import json

from sandbox.speech.brain import answer_text

_TRANSCRIPT = """\
assistant: Hello, how can I help you?
caller: Hi, this is Bob Miller.
caller: Please ask Alex to call me back on 555-0142 about the invoice, it's urgent.
assistant: Your message has been taken.
caller: Thanks, bye.
"""


def test_summarises_in_the_callers_words() -> None:
    summary = answer_text("Summarise this call in two sentences.", _TRANSCRIPT)

    assert "call me back on 555-0142 about the invoice" in summary
    assert "Your message" not in summary


def test_picks_the_weightiest_label() -> None:
    instructions = "Classify the call. Answer with one of: message, urgent, spam, other."

    assert answer_text(instructions, _TRANSCRIPT) == "urgent"
    assert answer_text(instructions, "caller: We offer cheaper energy.") == "spam"
    assert answer_text(instructions, "caller: The sky is blue.") == "other"


def test_gives_facts_as_json() -> None:
    facts = json.loads(answer_text("Answer as a JSON object.", _TRANSCRIPT))

    assert facts["caller_name"] == "Bob Miller"
    assert facts["callback_number"] == "5550142"
    assert facts["urgency"] == "urgent"


def test_of_nothing_says_so() -> None:
    assert answer_text("Summarise.", "") == "The caller said nothing."

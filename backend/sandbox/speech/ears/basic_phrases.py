"""What callers of a receptionist say: the sentences from which the basic recogniser's language model is made.

Each line is a sentence with slots in braces, which stand for all their fillings. Only words of the recogniser's
dictionary (CMUdict) can be heard.
"""

from collections.abc import Iterator
from itertools import product

SLOTS: dict[str, tuple[str, ...]] = {
    "hello": ("hello", "hi", "good morning", "good afternoon", "good evening", "hey"),
    "name": (
        *("anna", "alex", "bob", "tom", "maria", "john", "sarah", "david", "lisa", "michael", "peter", "emma", "james"),
        *("anna smith", "bob miller", "tom baker", "john brown", "maria garcia", "david jones", "lisa white"),
    ),
    "day": (
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow"),
        *("next week", "this week"),
    ),
    "part": ("in the morning", "in the afternoon", "in the evening", "at noon"),
    "hour": tuple(
        f"{hour} {half}"
        for hour in ("nine", "ten", "eleven", "twelve", "one", "two", "three", "four", "five")
        for half in ("o'clock", "thirty", "fifteen", "a m", "p m")
    ),
    "digit": ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "thing": (
        *("the invoice", "my order", "the contract", "the meeting", "a delivery", "my appointment", "the bill"),
        *("an offer", "the house", "the car", "my account", "a question", "the project", "the repair", "my son"),
    ),
    "person": ("the owner", "somebody", "someone", "a human", "a person", "the manager", "him", "her", "alex"),
    "relative": ("mother", "father", "wife", "husband", "brother", "sister", "son", "daughter"),
}

TEMPLATES = """
{hello}
{hello} this is {name}
{hello} my name is {name}
{hello} is anybody there
my name is {name}
this is {name}
this is {name} speaking
i am {name}
it's {name}
i would like to leave a message
i'd like to leave a message
can i leave a message
i want to leave a message for {person}
could you take a message please
please tell {person} that i called
please tell {person} that i will be late
please tell {person} that the meeting is moved to {day}
please tell {person} to call me back
please call me back
please call me back on {day}
can {person} call me back
could you ask {person} to call me back about {thing}
i am calling about {thing}
i'm calling about {thing}
it is about {thing}
it's about {thing}
i have a question about {thing}
i would like to make an appointment
i'd like to make an appointment
i'd like to make an appointment for {day}
i need an appointment on {day}
i need an appointment on {day} at {hour}
i need an appointment {day} {part}
can i come on {day} at {hour}
i would like to cancel my appointment
i want to cancel my appointment on {day}
i would like to move my appointment to {day}
i would like to book a table for {day}
on {day} at {hour}
on {day} {part}
{day} {part}
at {hour}
what are your opening hours
when are you open
are you open on {day}
when do you close on {day}
where are you located
what is your address
how much does it cost
can i speak to {person}
can i speak to {person} please
could i talk to {person} please
i would like to speak to {person}
i want to talk to {person}
i need to talk to {person}
is {person} there
put me through to {person} please
this is his {relative}
this is her {relative}
i am his {relative}
it is an emergency
it's an emergency
it's urgent
it is very urgent
this is urgent
i need help
please hurry
sorry wrong number
i think i have the wrong number
i must have the wrong number
we have a special offer for you
i am calling about your car warranty
would you like to save on your energy bill
you have won a prize
we are doing a short survey
this is an automated message
press one to speak to an agent
yes
yes please
yes that's right
that's right
that is correct
no
no thank you
no thanks
no that's wrong
no that's all
no that's all thank you
that's all
that's all thank you
nothing else
thank you
thank you very much
thanks
okay
okay thank you
goodbye
bye
bye bye
thank you goodbye
thank you bye
have a nice day
see you on {day}
one moment please
wait a moment
hold on please
just a second
could you repeat that please
i did not understand
pardon
what did you say
are you still there
can you hear me
hello are you there
who are you
who is this
are you a robot
are you a real person
how are you
do you speak german
do you speak english
my number is {digit} {digit} {digit} {digit} {digit} {digit} {digit}
{digit} {digit} {digit}
{digit} {digit} {digit} {digit}
you can reach me at {digit} {digit} {digit} {digit} {digit} {digit} {digit}
stop
stop please
i will call again later
i'll call back later
"""

_MOST_FILLINGS = 60
"""Sentences made of one template; what has more combinations gets a regular selection of them."""

_FEWEST_SENTENCES = 20
"""A template with fewer fillings repeats them, or "thank you" would be rarer than every seven digits."""


def sentences() -> Iterator[tuple[str, ...]]:
    """All the sentences, as words."""
    for template in TEMPLATES.strip().splitlines():
        parts = template.replace("{", " {").split()
        choices = [SLOTS[part[1:-1]] if part.startswith("{") else (part,) for part in parts]
        made = [tuple(" ".join(filling).split()) for filling in _selection(choices)]
        for _ in range(max(_FEWEST_SENTENCES // len(made), 1)):
            yield from made


def _selection(choices: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    count = 1
    for choice in choices:
        count *= len(choice)
    if count <= _MOST_FILLINGS:
        yield from product(*choices)
        return
    for number in range(_MOST_FILLINGS):
        # Steps prime to the numbers of fillings let every filling of every slot occur.
        yield tuple(choice[(number * (7 + 6 * slot) + slot) % len(choice)] for slot, choice in enumerate(choices))

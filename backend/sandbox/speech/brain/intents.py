"""What a caller can mean: the vocabulary between understanding and deciding."""

from enum import StrEnum, auto


class Intent(StrEnum):
    """One meaning of an utterance; an utterance may have several."""

    GREETING = auto()
    GOODBYE = auto()
    THANKS = auto()
    YES = auto()
    NO = auto()
    NOTHING_ELSE = auto()
    REPEAT = auto()
    WAIT = auto()
    ARE_YOU_THERE = auto()
    WHO_ARE_YOU = auto()
    HOW_ARE_YOU = auto()
    NOT_TELLING = auto()
    """The caller does not want to say who they are or what it is about."""
    SPAM = auto()
    ROBOCALL = auto()
    ABUSE = auto()
    WRONG_NUMBER = auto()
    DANGER = auto()
    """Somebody is in danger: the emergency number comes before everything."""
    URGENT = auto()
    FAMILY = auto()
    HUMAN = auto()
    """The caller wants to speak to the owner, or to any human."""
    MESSAGE = auto()
    """The caller wants something passed on, or to be called back."""
    BOOKING = auto()
    INTRUSION = auto()
    """The caller asks for instructions, private facts or other callers, or gives orders to the assistant itself."""
    QUESTION = auto()
    SPEAK_ENGLISH = auto()
    SPEAK_GERMAN = auto()


class Topic(StrEnum):
    """What a question about the business is about."""

    HOURS = auto()
    ADDRESS = auto()
    PRICE = auto()
    EMAIL = auto()
    WEBSITE = auto()
    PARKING = auto()
    PAYMENT = auto()


class Phrase(StrEnum):
    """Everything the receptionist says; the words are in `words`, one table per language."""

    GREETING = auto()
    CONTINUE = auto()
    ASK_CONCERN = auto()
    ASK_NAME = auto()
    ASK_NAME_TO_CONNECT = auto()
    ASK_REASON_TO_CONNECT = auto()
    ASK_MESSAGE = auto()
    ASK_NUMBER = auto()
    ASK_NUMBER_FOR_LINK = auto()
    ASK_NUMBER_AGAIN = auto()
    CONFIRM_NUMBER = auto()
    ASK_ANYTHING_ELSE = auto()
    OFFER_MESSAGE = auto()
    OFFER_RETRY = auto()
    STILL_THERE = auto()
    GO_ON = auto()
    TAKE_YOUR_TIME = auto()
    NOT_UNDERSTOOD = auto()
    NOT_UNDERSTOOD_TWICE = auto()
    WHO_I_AM = auto()
    I_AM_WELL = auto()
    NOT_TOLD = auto()
    I_AM_HERE = auto()
    PRESSED = auto()
    LANGUAGE_CHANGED = auto()
    FACT = auto()
    NO_FACT = auto()
    NOTE_DOWN = auto()
    NOTE_DOWN_UNNAMED = auto()
    CONNECTING = auto()
    CONNECTING_DANGER = auto()
    CALL_EMERGENCY = auto()
    CANNOT_CONNECT = auto()
    CANNOT_BOOK = auto()
    BOOKING_LINK = auto()
    BOOKING_LINK_FOR = auto()
    MESSAGE_TAKEN = auto()
    MESSAGE_FAILED = auto()
    MESSAGE_FAILED_AGAIN = auto()
    CANNOT_TAKE_MESSAGE = auto()
    TRANSFER_FAILED = auto()
    LINK_NOTED = auto()
    LINK_FAILED = auto()
    TOOL_DONE = auto()
    TOOL_FAILED = auto()
    ONE_MOMENT = auto()
    WELCOME = auto()
    DECLINE_SPAM = auto()
    DECLINE_ROBOT = auto()
    DECLINE_ABUSE = auto()
    WRONG_NUMBER = auto()
    GOODBYE = auto()
    GOODBYE_PASSED_ON = auto()
    APOLOGY = auto()

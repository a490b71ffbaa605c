"""What is said and what is understood, one table per language."""

from sandbox.speech.brain.words import english, german
from sandbox.speech.brain.words.vocabulary import Vocabulary

VOCABULARIES: dict[str, Vocabulary] = {"en": english.VOCABULARY, "de": german.VOCABULARY}
"""By the first part of the language tag."""

DEFAULT_LANGUAGE = "en"

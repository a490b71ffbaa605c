"""The checks that read Python: each lets good code pass and fires on a seeded fault."""

from collections.abc import Callable

from tools import imports, logs, rows, schemas, sizes, vendor_words
from tools.project import Check

Faults = Callable[[Check, dict[str, str]], list[str]]


def _function(lines: int) -> str:
    return "def work():\n" + "    step()\n" * (lines - 1)


class TestSizes:
    def test_lets_files_and_functions_of_the_allowed_size_pass(self, faults: Faults) -> None:
        files = {"backend/app/a.py": "x = 1\n" * 400, "backend/tests/test_a.py": "x = 1\n" * 600}

        assert faults(sizes.check, files | {"backend/app/b.py": _function(60)}) == []

    def test_fires_on_a_long_file_in_any_language(self, faults: Faults) -> None:
        files = {"a.py": "x = 1\n" * 401, "a.js": ";\n" * 401, "tests/t.py": "x = 1\n" * 601}

        assert [fault.split(";")[0] for fault in faults(sizes.check, files)] == [
            "a.js:401: 401 lines",
            "a.py:401: 401 lines",
            "tests/t.py:601: 601 lines",
        ]

    def test_fires_on_a_long_function_wherever_it_stands(self, faults: Faults) -> None:
        method = "class Work:\n" + "".join(f"    {line}\n" for line in _function(61).splitlines())

        assert faults(sizes.check, {"a.py": method}) == ["a.py:2: work has 61 lines; 60 are allowed"]

    def test_leaves_migrations_alone(self, faults: Faults) -> None:
        assert faults(sizes.check, {"backend/alembic/versions/0001.py": _function(500)}) == []


class TestImports:
    def test_lets_foreign_packages_and_top_level_imports_pass(self, faults: Faults) -> None:
        source = "from app.core import ids\ndef make():\n    import espeakng_loader\n"

        assert faults(imports.check, {"backend/app/a.py": source}) == []

    def test_fires_once_on_a_hidden_import(self, faults: Faults) -> None:
        source = "class A:\n    def make(self):\n        def inner():\n            from app.core import ids\n"

        assert faults(imports.check, {"backend/app/a.py": source}) == [
            "backend/app/a.py:4: make imports app.core; move the import to the top of the file"
        ]


class TestLogs:
    def test_lets_constant_messages_and_plain_keys_pass(self, faults: Faults) -> None:
        source = (
            'log.info("call ended", call_id=call.id, number_id=number.id, text_ms=12, pii_number=number)\n'
            'self._log.warning("odd frame", **{"caller.pii.text": text})\n'
            "math.log(2)\n"
        )

        assert faults(logs.check, {"backend/app/a.py": source}) == []

    def test_fires_on_messages_that_are_not_constant(self, faults: Faults) -> None:
        source = 'log.info(f"call {call} ended")\nlog.error("refused", reason)\nself.log.debug("done.")\n'

        assert [fault.split(":")[1] for fault in faults(logs.check, {"backend/app/a.py": source})] == ["1", "2", "3"]

    def test_fires_on_content_and_secrets_in_keys(self, faults: Faults) -> None:
        source = (
            'log.info("heard", text=words)\nlog.bind(auth_token=token).info("ready")\nlog.info("x", **{"a.body": 1})\n'
        )

        found = faults(logs.check, {"backend/app/a.py": source})

        assert [fault.split(": ")[1].split(" names")[0] for fault in found] == ["text", "auth_token", "a.body"]


class TestRows:
    def test_lets_scoped_and_explained_repositories_pass(self, faults: Faults) -> None:
        source = (
            "class CallRepository:\n    def __init__(self, session, account_id): ...\n"
            'class NumberRepository:\n    """Numbers of every\n    account."""\n    def __init__(self, session): ...\n'
            'legs = relationship(lazy="raise")\n'
        )

        assert faults(rows.check, {"backend/app/a.py": source}) == []

    def test_fires_on_a_repository_that_sees_all_accounts(self, faults: Faults) -> None:
        source = "class CallRepository:\n    def __init__(self, session): ...\n"

        (fault,) = faults(rows.check, {"backend/app/calls/repository.py": source})

        assert "CallRepository takes no account_id" in fault

    def test_fires_on_a_relationship_that_loads_by_itself(self, faults: Faults) -> None:
        source = 'legs = relationship()\nturns = relationship(lazy="selectin")\n'

        assert len(faults(rows.check, {"backend/app/calls/models.py": source})) == 2


class TestSchemas:
    def test_lets_answers_without_defaults_and_questions_with_them_pass(self, faults: Faults) -> None:
        source = (
            'class CallRead(BaseModel):\n    """A call."""\n    model_config = C()\n    number: str | None\n'
            "class CallQuery(BaseModel):\n    limit: int = 20\n"
        )

        assert faults(schemas.check, {"backend/app/api/history_schemas.py": source}) == []

    def test_fires_on_a_field_that_may_be_missing(self, faults: Faults) -> None:
        source = "class CallRead(BaseModel):\n    number: str | None = None\n"

        assert faults(schemas.check, {"backend/app/api/history_schemas.py": source}) == [
            "backend/app/api/history_schemas.py:2: CallRead.number has a default; answers hold every field"
        ]


class TestVendorWords:
    def test_lets_our_words_and_the_adapters_own_pass(self, faults: Faults) -> None:
        files = {
            "backend/app/live/a.py": "from app.adapters.twilio import stream\nside = inside = carrier_call_id = 1\n",
            "backend/app/adapters/twilio/rest.py": "call_sid = 1\n",
        }

        assert faults(vendor_words.check, files) == []

    def test_fires_on_a_vendors_word_given_as_a_name(self, faults: Faults) -> None:
        source = "def answer(call_sid):\n    self.twiml = 1\nclass OpenAISession: ...\nStreamSid = 2\n"

        found = faults(vendor_words.check, {"backend/app/live/a.py": source})

        assert [fault.split()[1] for fault in found] == ["call_sid", "twiml", "OpenAISession", "StreamSid"]

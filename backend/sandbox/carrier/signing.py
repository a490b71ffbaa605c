"""X-Twilio-Signature, as the vendor describes it (twilio-google.md §1.5): HMAC-SHA1 over the URL and sorted fields."""

import hmac
from base64 import b64encode
from collections.abc import Iterable


def sign(token: str, url: str, fields: Iterable[tuple[str, str]] = ()) -> str:
    """The signature of a form post to `url` (no fragment), or of a GET or an upgrade when there are no fields."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()

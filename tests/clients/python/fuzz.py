"""What schemathesis is told beside the gateway's OpenAPI document: a new key for each write, and one more rule."""

import json
import uuid
from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A key that is used for another request is refused, so each write has a new one."""
    if case.headers and "Idempotency-Key" in case.headers and case.meta and case.meta.generation.mode.is_positive:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())


@schemathesis.serializer("application/x-ndjson")
def lines(ctx: Any, value: Any) -> bytes:
    """Files of imports are bytes; what else is made up stands there as JSON."""
    return bytes(value) if isinstance(value, bytes) else json.dumps(value, default=str).encode()


@schemathesis.check
def refusals_are_named(ctx: Any, response: Any, case: Any) -> None:
    """What is refused is refused under the name of a rule (RFC 9457), the token endpoint's by RFC 6749."""
    if response.status_code < 400 or response.status_code == 431:
        return
    body = response.json()
    name = body.get("code") or body.get("error")
    assert isinstance(name, str) and name, f"{response.status_code} without the name of a rule: {body}"

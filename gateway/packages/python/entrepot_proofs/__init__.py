"""Commitments to amounts of money and proofs about them, made in this process.

The documents are those of `entrepot commit`, `entrepot prove` and `entrepot verify`: what one of them makes, the other
takes. Nothing is sent, stored or logged. Amounts are whole numbers of minor units.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Mapping, Optional, Sequence, TypedDict, cast

from . import _native

__all__ = [
    "CommittedAmount",
    "Desk",
    "Opening",
    "ProofError",
    "ProvedMatch",
    "ProvedRange",
    "RecordContext",
    "SaltedDocument",
    "Witness",
]


class ProofError(ValueError):
    """What is asked has the wrong form, is not true, or its proof does not hold. The text repeats no secret."""


class SaltedDocument(TypedDict):
    """What a salted digest is made of. Secret."""

    sha256: str
    salt: str


class _Opening(TypedDict):
    value_minor: str
    blinding: str


class Opening(_Opening, total=False):
    """What opens a commitment, as the gateway takes it in `private`. Secret, and nothing else opens the commitment."""

    document: SaltedDocument


class CommittedAmount(TypedDict):
    """A commitment and the salted digest of its document, both public, and the opening, which is secret."""

    commitment: str
    document_digest: Optional[str]
    opening: Opening


class _Witness(TypedDict):
    value: str


class Witness(_Witness, total=False):
    """What a statement of one's own is proved from.

    A value and, when it was committed to before, its blinding factor.
    """

    blinding: str


class _RecordContext(TypedDict):
    record_type: str
    record_id: str
    purpose: str
    currency: str


class RecordContext(_RecordContext, total=False):
    """The record and the purpose that a proof is for; it is worth nothing anywhere else. The version's default is 1."""

    record_version: int
    collection: str
    public_key_sha256: str
    public_inputs_sha256: str


class ProvedRange(TypedDict):
    """Commitment and proof, both public, and what opens the commitment, which is secret."""

    commitment: str
    opening: Witness
    proof: str


class ProvedMatch(TypedDict):
    """Both commitments and the proof, all public."""

    invoice: str
    payment: str
    proof: str


class Desk:
    """Where commitments and proofs are made for one ledger, by one organization.

    `msp_id` is the organization that sends the requests and shows the proofs.
    """

    def __init__(self, msp_id: str | None = None, *, channel: str = "trade", chaincode: str = "entrepot") -> None:
        self._desk = json.dumps({"channel": channel, "chaincode": chaincode, "msp_id": msp_id})

    def commit(self, value_minor: int, document: bytes | None = None) -> CommittedAmount:
        """Commits to an amount of at most 2**48 - 1. `document` is the one that the record is to name."""
        asked: dict[str, Any] = {"value_minor": _minor(value_minor)}
        if document is not None:
            asked["document_sha256"] = hashlib.sha256(document).hexdigest()
        return cast(CommittedAmount, self._ask("commit", asked))

    def prove(
        self, request: Mapping[str, Any], openings: Sequence[Opening], records: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, Any]:
        """The request with its proof, and with its commitment if it names none.

        `records` are those of the ledger that the request rests on, as the gateway answers them. For a declaration the
        tariff, for a settlement the invoice and the bank entry, for a credit note the invoice.
        """
        asked = {"request": request, "openings": list(openings), "records": list(records)}
        return cast("dict[str, Any]", self._ask("prove", asked))

    def verify(self, request: Mapping[str, Any], records: Sequence[Mapping[str, Any]] = ()) -> None:
        """Checks the proof of a request, or of the record that the ledger made of it; raises `ProofError`."""
        self._ask("verify", {"request": request, "records": list(records)})

    def prove_range(
        self, witness: Witness, least: int, most: int, context: RecordContext, *, tell: bool = False
    ) -> ProvedRange:
        """Proves that an amount lies between two bounds, both included.

        Bounds that all but tell the amount are refused without `tell`.
        """
        asked = {"witness": witness, "tell": tell, "context": context, **_bounds(least, most)}
        return cast(ProvedRange, self._ask("prove-range", asked))

    def verify_range(self, commitment: str, proof: str, least: int, most: int, context: RecordContext) -> None:
        """Checks that proof; raises `ProofError`."""
        asked = {"commitment": commitment, "proof": proof, "context": context}
        self._ask("verify-range", {**asked, **_bounds(least, most)})

    def prove_match(self, invoice: Witness, payment: Witness, tolerance: int, context: RecordContext) -> ProvedMatch:
        """Proves that invoice and payment differ by at most a tolerance. Both witnesses name their blinding factor."""
        witness = {"invoice": invoice, "payment": payment}
        asked = {"witness": witness, "tolerance": _minor(tolerance), "context": context}
        return cast(ProvedMatch, self._ask("prove-match", asked))

    def verify_match(
        self, invoice: str, payment: str, proof: str, tolerance: int, context: RecordContext
    ) -> None:
        """Checks that proof; raises `ProofError`."""
        asked = {"invoice": invoice, "payment": payment, "proof": proof, "context": context}
        self._ask("verify-match", {**asked, "tolerance": _minor(tolerance)})

    def _ask(self, operation: str, asked: Mapping[str, Any]) -> Any:
        text = json.dumps(asked)
        try:
            answer = _native.ask(self._desk, operation, text)
        except ValueError as refused:
            raise ProofError(str(refused)) from None
        return json.loads(answer)


def _minor(amount: int) -> str:
    # A float is refused and not rounded, and True is no amount.
    if type(amount) is not int or amount < 0:
        raise ProofError("an amount is a whole number of minor units from 0")
    return str(amount)


def _bounds(least: int, most: int) -> dict[str, str]:
    return {"least": _minor(least), "most": _minor(most)}

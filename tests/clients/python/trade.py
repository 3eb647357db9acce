"""One shipment, from its serial number to its payment, by a client that openapi-python-client has made.

    python trade.py NETWORK GATEWAY

NETWORK is the folder of a network that `entrepot up` has started and that has no members yet, GATEWAY its address
(https://host:port). The package `gateway_client` is what the generator has made of `entrepot openapi`; the package
`entrepot_proofs` makes commitments and proofs in this process.

Every caller logs in with the certificate of its connection (RFC 8705) and gets an access token that is bound to it.
"""

import datetime
import io
import ssl
import sys
import uuid
from pathlib import Path
from typing import Any, TypeVar, cast

from entrepot_proofs import Desk, Opening
from gateway_client import AuthenticatedClient, Client
from gateway_client.api.account_acceptances import accept_account
from gateway_client.api.accounts import name_bank
from gateway_client.api.agreements import accept_agreement, offer_agreement, read_agreement
from gateway_client.api.bank_statements import read_bank_statement
from gateway_client.api.captures import capture
from gateway_client.api.custody_transfers import accept_custody, offer_custody, read_custody_transfer
from gateway_client.api.declarations import (
    approve_decision,
    assess_declaration,
    file_declaration,
    read_declaration,
    read_value_opening,
    share_value_opening,
)
from gateway_client.api.foundings import confirm_founding, propose_founding
from gateway_client.api.invoices import (
    accept_invoice,
    issue_invoice,
    read_invoice,
    read_invoice_opening,
    share_invoice_opening,
)
from gateway_client.api.items import read_item
from gateway_client.api.oauth import give_token
from gateway_client.api.settlements import settle
from gateway_client.api.statement_entries import read_entry, read_entry_opening, record_entry, share_entry_opening
from gateway_client.api.tariffs import publish_tariff, read_tariff
from gateway_client.models import (
    AcceptAccount,
    AcceptAgreementRequest,
    AcceptCustodyRequest,
    AcceptInvoiceRequest,
    ApproveDecisionRequest,
    AssessDeclarationRequest,
    CaptureRequest,
    ConfirmFoundingRequest,
    DeclarationState,
    FileDeclaration,
    GiveTokenBody,
    GiveTokenBodyGrantType,
    InvoiceState,
    IssueInvoice,
    NameBank,
    Offer,
    OfferAgreement,
    OperationView,
    Problem,
    ProposeFounding,
    PublishTariff,
    RecordEntry,
    Settle,
    ShareEntryOpeningRequest,
    ShareInvoiceOpeningRequest,
    ShareValueOpeningRequest,
    SigningStep,
    TokenBody,
)
from gateway_client.types import File, Response

T = TypeVar("T")

#: The goods. The GTIN's prefix 952 is GS1's own, for examples.
ITEM = "https://id.gs1.org/01/09521234543213/21/PY-1"
PLANT = "https://id.gs1.org/414/9521234000006"
#: What the goods cost and what arrives after the bank's charge, in cents.
PRICE_MINOR, PAID_MINOR = 1_284_450, 1_284_000
TODAY = datetime.datetime.now(datetime.timezone.utc).date()


class Refused(Exception):
    """The gateway has answered with a problem."""


def done(answer: "T | Problem | SigningStep | OperationView | None") -> T:
    """The answer, when it is neither a problem nor unfinished."""
    if isinstance(answer, Problem):
        raise Refused(f"{answer.status} {answer.code}: {answer.detail} {[field.to_dict() for field in answer.fields]}")
    if answer is None or isinstance(answer, (SigningStep, OperationView)):
        raise Refused(f"not finished: {answer}")
    return answer


def tag(answer: "Response[Any]") -> str:
    """What stands for the record as it was read: what others can change too is changed only as it was seen."""
    return str(answer.headers["ETag"])


def key() -> str:
    """A new idempotency key. A program that may be stopped keeps it with the request, and retries with it."""
    return str(uuid.uuid4())


def day(offset: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=offset)


def log_in(network: Path, gateway: str, organization: str, user: str = "User1") -> AuthenticatedClient:
    """A client that shows the user's certificate and sends the access token that the certificate got."""
    organizations = network / "crypto" / "peerOrganizations"
    msp = organizations / organization / "users" / f"{user}@{organization}" / "msp"
    tls = ssl.create_default_context(cafile=str(next((organizations / "exporter.entrepot.example/tlsca").glob("*.pem"))))
    tls.load_cert_chain(str(next((msp / "signcerts").iterdir())), str(next((msp / "keystore").iterdir())))
    anonymous = Client(base_url=gateway, verify_ssl=tls)
    form = GiveTokenBody(grant_type=GiveTokenBodyGrantType.CLIENT_CREDENTIALS)
    token = give_token.sync(client=anonymous, body=form)
    if not isinstance(token, TokenBody):
        raise Refused(f"no token for {user} of {organization}: {token}")
    return AuthenticatedClient(base_url=gateway, verify_ssl=tls, token=token.access_token)


class Secrets:
    """Commitments and proofs, and what opens them. A program that may be stopped writes each opening to a file first."""

    def __init__(self) -> None:
        self.openings: dict[str, Opening] = {}

    def commit(self, name: str, minor: int, document: bytes | None = None) -> tuple[str, str]:
        """The commitment to an amount and, where it comes from a document, that document's salted digest."""
        committed = Desk().commit(minor, document)
        self.openings[name] = committed["opening"]
        return committed["commitment"], committed["document_digest"] or ""

    def prove(self, request: dict[str, Any], openings: list[str], records: list[Any], msp_id: str) -> dict[str, Any]:
        """The request with its proof."""
        of = [self.openings[name] for name in openings]
        return Desk(msp_id).prove(request, of, [record.to_dict() for record in records])


class Trade:
    def __init__(self, network: Path, gateway: str, secrets: Secrets) -> None:
        def enter(name: str, user: str = "User1") -> AuthenticatedClient:
            return log_in(network, gateway, f"{name}.entrepot.example", user)

        self.secrets = secrets
        self.exporter, self.importer, self.logistics = enter("exporter"), enter("importer"), enter("logistics")
        self.bank, self.customs = enter("bank"), enter("customs")
        self.officers = [enter("customs", "Officer1"), enter("customs", "Officer2")]

    def founded(self) -> None:
        """One organization proposes who is a member, and each of them confirms."""
        founders = {
            "ExporterMSP": (self.exporter, {"name": "Aurora Timepieces Ltd", "country": "CN", "roles": ["maker", "seller"], "gs1_company_prefixes": ["9521234"]}),
            "ImporterMSP": (self.importer, {"name": "Hanse Import GmbH", "country": "DE", "roles": ["seller"]}),
            "LogisticsMSP": (self.logistics, {"name": "Silk Road Carriers", "country": "CN", "roles": ["carrier"]}),
            "BankMSP": (self.bank, {"name": "Handelsbank", "country": "DE", "roles": ["bank"]}),
            "CustomsMSP": (self.customs, {"name": "Customs authority", "country": "DE", "roles": ["customs"], "jurisdictions": ["DE"]}),
        }
        members = [{"msp_id": msp_id, **entry} for msp_id, (_, entry) in founders.items()]
        body = ProposeFounding.from_dict({"members": members})
        proposed = done(propose_founding.sync(client=self.exporter, body=body, idempotency_key=key())).result
        for client, _ in founders.values():
            proposed = done(
                confirm_founding.sync(
                    proposed.name.proposer,
                    proposed.name.list_sha256,
                    client=client,
                    body=ConfirmFoundingRequest(),
                    idempotency_key=key(),
                )
            ).result
        assert proposed.in_force, "all have confirmed"

    def captured(self) -> None:
        """The maker puts the goods into use (EPCIS 2.0)."""
        document = CaptureRequest.from_dict({
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": f"{day(-2)}T09:00:00Z",
            "epcisBody": {"eventList": [{
                "type": "ObjectEvent",
                "eventTime": f"{day(-2)}T08:00:00Z",
                "eventTimeZoneOffset": "+00:00",
                "epcList": [ITEM],
                "action": "ADD",
                "bizStep": "commissioning",
                "disposition": "active",
                "readPoint": {"id": PLANT},
                "bizLocation": {"id": PLANT},
            }]},
        })
        receipt = done(capture.sync(client=self.exporter, body=document, idempotency_key=key())).result
        assert len(receipt.events) == 1 and not receipt.alarms

    def handed_over(self) -> None:
        """Custody passes by handshake: who offers stays responsible until the other accepts."""
        offer = Offer(transfer_id="PY-HO-1", items=[ITEM], to="ImporterMSP", condition="sealed, dry", seal="SL-1")
        done(offer_custody.sync(client=self.exporter, body=offer, idempotency_key=key()))
        name, accepted = ("ExporterMSP", "PY-HO-1"), AcceptCustodyRequest(seal="SL-1")
        seen = tag(read_custody_transfer.sync_detailed(*name, client=self.importer))
        done(accept_custody.sync(*name, client=self.importer, body=accepted, idempotency_key=key(), if_match=seen))
        assert done(read_item.sync(ITEM, client=self.exporter)).holder == "ImporterMSP"

    def declared(self) -> None:
        """The importer declares a value that it proves and does not publish."""
        tariff = PublishTariff.from_dict({
            "tariff_id": "PY-TARIFF",
            "version": 1,
            "jurisdiction": "DE",
            "currency": "EUR",
            "validity": {"from": str(day(-300)), "until": str(day(300))},
            "source": "example tariff, heading 9102",
            "bands": [{
                "band_id": "watches",
                "hs_prefix": "9102",
                "duty_basis_points": 450,
                "value_min_minor": "1000000",
                "value_max_minor": "2000000",
            }],
            "rules": [{
                "rule_id": "value-in-band",
                "check": "value_in_band",
                "when_broken": "document_check",
                "when_unknown": "document_check",
            }],
        })
        done(publish_tariff.sync(client=self.customs, body=tariff, idempotency_key=key()))
        published = done(read_tariff.sync("CustomsMSP", "PY-TARIFF", client=self.importer))
        self.secrets.commit("value", PRICE_MINOR)
        declaration = {
            "declaration_id": "PY-DEC-1",
            "tariff_id": "CustomsMSP/PY-TARIFF",
            "tariff_version": 1,
            "band_id": "watches",
            "items": [ITEM],
            "hs_code": "910211",
            "origin": "CN",
            "destination": "DE",
            "quantity": "1",
            "unit": "C62",
            "currency": "EUR",
        }
        proved = FileDeclaration.from_dict(self.secrets.prove(declaration, ["value"], [published], "ImporterMSP"))
        done(file_declaration.sync(client=self.importer, body=proved, idempotency_key=key()))
        opening = ShareValueOpeningRequest.from_dict({"private": self.secrets.openings["value"]})
        done(share_value_opening.sync("-", "PY-DEC-1", client=self.importer, body=opening, idempotency_key=key()))
        told = done(read_value_opening.sync("ImporterMSP", "PY-DEC-1", client=self.customs))
        assert told.value_minor == str(PRICE_MINOR)

    def released(self) -> None:
        """One officer decides, another one approves."""
        name, (first, second) = ("ImporterMSP", "PY-DEC-1"), self.officers
        decided = done(
            assess_declaration.sync(*name, client=first, body=AssessDeclarationRequest(), idempotency_key=key())
        ).result
        approval = ApproveDecisionRequest(number=decided.number)
        seen = tag(read_declaration.sync_detailed(*name, client=second))
        alone = approve_decision.sync(*name, client=first, body=approval, idempotency_key=key(), if_match=seen)
        assert isinstance(alone, Problem) and alone.code == "caller.same_person", alone
        done(approve_decision.sync(*name, client=second, body=approval, idempotency_key=key(), if_match=seen))
        late = approve_decision.sync(*name, client=second, body=approval, idempotency_key=key(), if_match=seen)
        assert isinstance(late, Problem) and late.code == "condition.changed", late
        assert done(read_declaration.sync(*name, client=self.importer)).state == DeclarationState.CLEARED

    def invoiced(self) -> None:
        """Seller and buyer have terms, the seller a bank; the invoice's total is committed to and told to the buyer."""
        terms = {
            "currency": "EUR",
            "tolerance_minor": "1000",
            "tolerance_basis_points": 100,
            "payment_days": 10,
            "notice_days": 30,
            "valid": {"from": str(day(-1))},
        }
        offer = OfferAgreement.from_dict({"agreement_id": "PY-TERMS", "with": "ImporterMSP", "terms": terms})
        done(offer_agreement.sync(client=self.exporter, body=offer, idempotency_key=key()))
        name, agreed = ("ExporterMSP", "PY-TERMS"), AcceptAgreementRequest()
        seen = tag(read_agreement.sync_detailed(*name, client=self.importer))
        done(accept_agreement.sync(*name, client=self.importer, body=agreed, idempotency_key=key(), if_match=seen))
        done(name_bank.sync(client=self.exporter, body=NameBank(bank="BankMSP"), idempotency_key=key()))
        kept = AcceptAccount(holder="ExporterMSP")
        done(accept_account.sync(client=self.bank, body=kept, idempotency_key=key()))
        commitment, digest = self.secrets.commit("total", PRICE_MINOR, b"Invoice PY-INV-1: one watch AURORA, 12844.50 EUR")
        invoice = IssueInvoice(
            invoice_id="PY-INV-1",
            buyer="ImporterMSP",
            currency="EUR",
            issued_on=day(-1),
            due_on=day(13),
            creditor_reference="RF18539007547034",
            total_commitment=commitment,
            document_digest=digest,
        )
        done(issue_invoice.sync(client=self.exporter, body=invoice, idempotency_key=key()))
        opening = ShareInvoiceOpeningRequest.from_dict({"private": self.secrets.openings["total"]})
        done(share_invoice_opening.sync("-", "PY-INV-1", client=self.exporter, body=opening, idempotency_key=key()))
        total = done(read_invoice_opening.sync("ExporterMSP", "PY-INV-1", client=self.importer))
        assert total.value_minor == str(PRICE_MINOR)
        name, owed = ("ExporterMSP", "PY-INV-1"), AcceptInvoiceRequest()
        seen = tag(read_invoice.sync_detailed(*name, client=self.importer))
        done(accept_invoice.sync(*name, client=self.importer, body=owed, idempotency_key=key(), if_match=seen))

    def paid(self) -> None:
        """The bank reports what its message says, and a proof shows that it pays the invoice."""
        message = notification(PAID_MINOR)
        statement = done(read_bank_statement.sync(client=self.bank, body=File(payload=io.BytesIO(message))))
        entry = statement.statements[0].entries[0]
        assert entry.amount_minor == str(PAID_MINOR)
        commitment, digest = self.secrets.commit("amount", PAID_MINOR, message)
        report = RecordEntry.from_dict({
            "entry_id": "PY-ENTRY-1",
            "account_holder": "ExporterMSP",
            "account_servicer_reference": entry.account_servicer_reference,
            "end_to_end_id": entry.payments[0].end_to_end_id,
            "creditor_reference": entry.payments[0].creditor_references[0],
            "direction": entry.direction,
            "booked_on": str(entry.booked_on),
            "currency": entry.currency,
            "statement_digest": digest,
            "amount_commitment": commitment,
        })
        done(record_entry.sync(client=self.bank, body=report, idempotency_key=key()))
        opening = ShareEntryOpeningRequest.from_dict({"private": self.secrets.openings["amount"]})
        done(share_entry_opening.sync("-", "PY-ENTRY-1", client=self.bank, body=opening, idempotency_key=key()))

        told = done(read_entry_opening.sync("BankMSP", "PY-ENTRY-1", client=self.exporter))
        self.secrets.openings["told"] = cast(Opening, told.to_dict())
        records = [
            done(read_invoice.sync("ExporterMSP", "PY-INV-1", client=self.exporter)),
            done(read_entry.sync("BankMSP", "PY-ENTRY-1", client=self.exporter)),
        ]
        request = {"invoice_id": "PY-INV-1", "entry_id": "BankMSP/PY-ENTRY-1", "tolerance_reason": "bank_charge"}
        proved = Settle.from_dict(self.secrets.prove(request, ["total", "told"], records, "ExporterMSP"))
        done(settle.sync(client=self.exporter, body=proved, idempotency_key=key()))
        settled = done(read_invoice.sync("ExporterMSP", "PY-INV-1", client=self.importer))
        assert settled.state == InvoiceState.SETTLED


def notification(minor: int) -> bytes:
    """What a bank says about one payment (ISO 20022 camt.054)."""
    amount = f'<Amt Ccy="EUR">{minor // 100}.{minor % 100:02}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>PY-NTF-1</MsgId><CreDtTm>{day(0)}T07:00:00Z</CreDtTm></GrpHdr>
<Ntfctn><Id>PY-NTF-1-1</Id><CreDtTm>{day(0)}T07:00:00Z</CreDtTm>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Ntry>{amount}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day(-1)}</Dt></BookgDt><AcctSvcrRef>PY-REF-1</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>PY-INV-1</EndToEndId></Refs>{amount}
<RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>""".encode()


def main(network: str, gateway: str) -> None:
    trade = Trade(Path(network), gateway, Secrets())
    for step in ["founded", "captured", "handed_over", "declared", "released", "invoiced", "paid"]:
        getattr(trade, step)()
        print(step.replace("_", " "), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

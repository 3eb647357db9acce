//! The channel of the tests: its members, helpers to call, and the rows of tables.

use fabric_contract::testing::{Collection, Committed, MemoryLedger, creator};
use fabric_contract::{Creator, Failure, Timestamp};
use fixtures::{json, member, of, set};
use serde_json::{Value, json};
use trade_claims::{
    Claim, Credit, DeclarationPlace, Deployment, EntryAmount, OpenTotal, SettlementLimit, SettlementPlace,
    SettlementShare,
};
use trade_model::Transaction as _;
use trade_model::common::{DUTIES_ATTRIBUTE, Role};
use trade_model::governance::{ConfirmFounding, Member, ProposeFounding};
use trade_model::verification::{Finding, Verification, Written};
use trade_proofs::{ChaCha20Rng, Close, Opening, OpeningText, ProofContext, Prover, Range, rand_core::SeedableRng};

pub(super) const EXPORTER: &str = "ExporterMSP";
pub(super) const IMPORTER: &str = "ImporterMSP";
pub(super) const CARRIER: &str = "LogisticsMSP";
pub(super) const BANK: &str = "BankMSP";
pub(super) const CUSTOMS: &str = "CustomsMSP";
pub(super) const REGULATOR: &str = "RegulatorMSP";
pub(super) const STRANGER: &str = "StrangerMSP";
pub(super) const SECOND_MAKER: &str = "MakerMSP";
pub(super) const SECOND_CUSTOMS: &str = "OtherCustomsMSP";
pub(super) const GTIN: &str = "04012345111118";
/// The names of the invoice and the bank entry that the tests begin with.
pub(super) const INVOICE: &str = "ExporterMSP/inv-1";
pub(super) const ENTRY: &str = "BankMSP/ent-1";
/// Where the in-memory ledger's clock begins: 2026-01-01T00:00:00Z.
pub(super) const START: i64 = 1_767_225_600;

pub(super) type Answer = Result<Value, Failure>;

/// A row of a table: what is tried, which code refuses it (empty when it succeeds), and the attempt in a fresh world.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) code: &'static str,
    pub(super) attempt: fn(&mut World) -> Answer,
}

pub(super) const fn row(label: &'static str, code: &'static str, attempt: fn(&mut World) -> Answer) -> Row {
    Row { label, code, attempt }
}

/// Tries every row of the tables in a world of its own.
pub(super) fn try_all(tables: Vec<(&'static str, Vec<Row>)>) {
    for (transaction, rows) in tables {
        for row in rows {
            let mut world = World::established();
            let found = match (row.attempt)(&mut world) {
                Ok(_) => String::new(),
                Err(failure) => {
                    assert!(
                        failure.code.is_empty() || (400..500).contains(&failure.status),
                        "{transaction}, {}: {failure:?}",
                        row.label
                    );
                    failure.code
                }
            };
            assert_eq!(found, row.code, "{transaction}: {}", row.label);
        }
    }
}

#[derive(Clone)]
pub(super) struct World {
    pub(super) ledger: MemoryLedger,
    /// Looks through what the transactions write that go by [`World::followed`], as a verifier of blocks does.
    pub(super) verification: Verification,
    /// What it has found.
    pub(super) findings: Vec<Finding>,
    pub(super) rng: ChaCha20Rng,
    pub(super) clock: i64,
}

/// The person that acts for a member unless a test says otherwise. Those of authorities have all duties in their
/// certificates.
pub(super) fn person(msp_id: &str) -> Creator {
    match msp_id {
        CUSTOMS | SECOND_CUSTOMS => officer(msp_id, "user"),
        _ => creator(msp_id).build(),
    }
}

/// A person with all duties.
pub(super) fn officer(msp_id: &str, name: &str) -> Creator {
    creator(msp_id).name(name).attribute(DUTIES_ATTRIBUTE, "clerk,officer,treasurer,registrar").build()
}

impl World {
    pub(super) fn empty() -> Self {
        let organizations =
            [EXPORTER, IMPORTER, CARRIER, BANK, CUSTOMS, REGULATOR, STRANGER, SECOND_CUSTOMS, SECOND_MAKER];
        let mut ledger = MemoryLedger::new(crate::router().contract(super::authorship::forged()), &organizations)
            .named("trade", "entrepot");
        for msp_id in organizations.iter().filter(|msp_id| **msp_id != REGULATOR) {
            ledger = ledger.with_collection(Collection::of_organization(msp_id));
        }
        let (verification, findings) = (Verification::default(), Vec::new());
        Self { ledger, verification, findings, rng: ChaCha20Rng::from_seed([7; 32]), clock: START }
    }

    /// With the members of [`establish`]. They found once, and every test goes on with a copy.
    pub(super) fn established() -> Self {
        thread_local! {
            static FOUNDED: World = {
                let mut world = World::empty();
                world.found(&establish()).expect("the list is well formed");
                world
            };
        }
        Self { clock: START, ..FOUNDED.with(World::clone) }.after_the_founding()
    }

    /// With other members.
    pub(super) fn founded(list: &Value) -> Self {
        let mut world = Self::empty();
        world.found(list).expect("the list is well formed");
        world.after_the_founding()
    }

    fn after_the_founding(self) -> Self {
        Self { clock: START + 1, ..self }
    }

    /// The exporter proposes a list, and all that are listed and write confirm it.
    pub(super) fn found(&mut self, list: &Value) -> Answer {
        let mut state = self.submit(EXPORTER, ProposeFounding::NAME, list)?;
        for who in state["missing"].as_array().cloned().unwrap_or_default() {
            state = self.confirm(who.as_str().unwrap_or_default(), &state)?;
        }
        Ok(state)
    }

    /// Confirms the list of members that an answer shows.
    pub(super) fn confirm(&mut self, who: &str, state: &Value) -> Answer {
        self.submit(who, ConfirmFounding::NAME, &state["name"])
    }

    pub(super) fn submit(&mut self, who: &str, name: &str, request: &Value) -> Answer {
        self.submit_as(&person(who), name, request)
    }

    /// As a person of a member.
    pub(super) fn submit_as(&mut self, who: &Creator, name: &str, request: &Value) -> Answer {
        self.clock += 1;
        let call = self.ledger.call(name).creator(who).time(Timestamp::from_seconds(self.clock));
        let committed = call.json(request).submit()?;
        self.followed(who, name, &committed)
    }

    /// As a signer that says for which person it signs.
    pub(super) fn submit_vouched(&mut self, signer: &Creator, vouched: &Value, name: &str, request: &Value) -> Answer {
        self.submit_beside(signer, &json!({ "operator": vouched }), name, request)
    }

    /// As a signer that says something beside the request.
    pub(super) fn submit_beside(&mut self, signer: &Creator, beside: &Value, name: &str, request: &Value) -> Answer {
        self.clock += 1;
        let call = self.ledger.call(name).creator(signer).time(Timestamp::from_seconds(self.clock));
        let committed = call.json(request).json(beside).submit()?;
        self.followed(signer, name, &committed)
    }

    /// The answer, once the verifier has seen what was written: until a test forges a record, it finds no fault.
    fn followed(&mut self, who: &Creator, name: &str, committed: &Committed) -> Answer {
        let set = &committed.read_write_set;
        let records: Vec<_> = set.writes.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
        let hashes: Vec<_> = set
            .hashed_writes
            .iter()
            .map(|((collection, key), write)| (collection.as_str(), *key, write.value_sha256))
            .collect();
        let found = self.verification.add(&Written {
            transaction_id: &committed.tx_id,
            creator: &who.msp_id,
            certificate_sha256: who.certificate_sha256,
            records: &records,
            hashes: &hashes,
        });
        let forged = name.starts_with("forged:") || !self.findings.is_empty();
        assert!(forged || found.is_empty(), "{name} by {}: {found:?}", who.msp_id);
        self.findings.extend(found);
        committed.json()
    }

    /// With the transient field `private`, at the peers of the parties.
    pub(super) fn submit_private(
        &mut self,
        who: &str,
        name: &str,
        request: &Value,
        private: &Value,
        peers: &[&str],
    ) -> Answer {
        self.clock += 1;
        let person = person(who);
        let call = self.ledger.call(name).creator(&person).time(Timestamp::from_seconds(self.clock));
        let committed = call.json(request).transient_json("private", private).endorsed_by(peers).submit()?;
        self.followed(&person, name, &committed)
    }

    pub(super) fn evaluate(&mut self, who: &str, name: &str, request: &Value) -> Answer {
        self.clock += 1;
        let call = self.ledger.call(name).creator(&creator(who).build()).time(Timestamp::from_seconds(self.clock));
        call.json(request).evaluate()?.json()
    }

    pub(super) fn opening(&mut self, value: u64) -> Opening {
        Opening::random(value, &mut self.rng)
    }

    /// A proof that the value lies in the band, bound to the declaration.
    pub(super) fn value_proof(&mut self, declaration_id: &str, opening: &Opening, band: (&str, u64, u64)) -> String {
        self.value_proof_under("CustomsMSP/DE-TARIFF", declaration_id, opening, band)
    }

    /// The same under the first version of another tariff.
    pub(super) fn value_proof_under(
        &mut self,
        tariff_id: &str,
        declaration_id: &str,
        opening: &Opening,
        band: (&str, u64, u64),
    ) -> String {
        let place = DeclarationPlace::parse(IMPORTER, declaration_id, (tariff_id, 1), band.0, "EUR");
        let context = place.expect("well-formed ids").context(DEPLOYMENT).expect("short parts");
        self.range_proof(&context, opening, (band.1, band.2))
    }

    pub(super) fn range_proof(&mut self, context: &ProofContext, opening: &Opening, bounds: (u64, u64)) -> String {
        let statement = Range::within(opening.commitment(), bounds.0, bounds.1).expect("bounds in order");
        Prover::new(context).prove(&statement, opening, &mut self.rng).expect("the value lies in the band").to_text()
    }

    /// A proof that invoice and payment agree within the tolerance, bound to the pair.
    pub(super) fn match_proof(&mut self, invoice: (&str, &Opening), entry: (&str, &Opening), tolerance: u64) -> String {
        let context = settlement_context(invoice.0, entry.0);
        let statement = Close::new(invoice.1.commitment(), entry.1.commitment(), tolerance).expect("a small tolerance");
        Prover::new(&context)
            .prove(&statement, (invoice.1, entry.1), &mut self.rng)
            .expect("the amounts agree")
            .to_text()
    }

    /// A proof that the payment falls short by at most so many hundredths of a percent.
    pub(super) fn share_proof(&mut self, invoice: (&str, &Opening), entry: (&str, &Opening), share: u32) -> String {
        let (total, amount) = (invoice.1.commitment().into(), entry.1.commitment().into());
        let claim = SettlementShare { of: place(invoice.0, entry.0), total, amount, basis_points: share };
        let opening = claim.opening(invoice.1, entry.1).expect("not further");
        self.prove(&claim, &opening)
    }

    /// A proof that the total of the invoice is not above a limit of an organization.
    pub(super) fn limit_proof(&mut self, by: &str, invoice: (&str, &Opening), entry_id: &str, most: u64) -> String {
        let (total, most) = (invoice.1.commitment().into(), of(&most.to_string()));
        let claim = SettlementLimit { of: place(invoice.0, entry_id), by: of(by), total, most };
        self.prove(&claim, invoice.1)
    }

    /// A proof that the amount of an entry on a bank's own account is one.
    pub(super) fn amount_proof(&mut self, entry_id: &str, opening: &Opening) -> String {
        let commitment = opening.commitment().into();
        let claim = EntryAmount { entry_id: entry_id.parse().expect("a name"), currency: of("EUR"), commitment };
        self.prove(&claim, opening)
    }

    /// A proof that a credit note leaves something of the first invoice open.
    pub(super) fn credit_proof(&mut self, open: &Opening, amount: &Opening) -> String {
        let claim = Credit {
            invoice_id: INVOICE.parse().expect("a name"),
            currency: of("EUR"),
            of: OpenTotal::committed(open.commitment().into()),
            amount: amount.commitment().into(),
        };
        self.prove(&claim, &less(open, amount))
    }

    fn prove<C: Claim<Statement = Range>>(&mut self, claim: &C, opening: &Opening) -> String {
        let (context, statement) = (claim.context(DEPLOYMENT), claim.statement());
        let (context, statement) = (context.expect("short parts"), statement.expect("bounds in order"));
        Prover::new(&context).prove(&statement, opening, &mut self.rng).expect("it holds").to_text()
    }
}

/// What opens the difference of two committed amounts.
pub(super) fn less(open: &Opening, amount: &Opening) -> Opening {
    Opening::weighted_difference((1, open), (1, amount)).expect("no more than is open")
}

/// An invoice of the exporter and an entry of the bank, by their own ids.
fn place(invoice_id: &str, entry_id: &str) -> SettlementPlace {
    let (invoice, entry) = (format!("{EXPORTER}/{invoice_id}"), format!("{BANK}/{entry_id}"));
    SettlementPlace::parse(&invoice, &entry, "EUR").expect("well-formed names")
}

/// To what the proof of a settlement is bound.
pub(super) fn settlement_context(invoice_id: &str, entry_id: &str) -> ProofContext {
    place(invoice_id, entry_id).context(DEPLOYMENT).expect("short parts")
}

pub(super) const DEPLOYMENT: Deployment<'static> = Deployment { channel: "trade", chaincode: "entrepot" };

/// The private input of an opening.
pub(super) fn private(opening: &Opening) -> Value {
    let text = OpeningText::from(opening);
    json!({ "value_minor": text.value, "blinding": text.blinding })
}

/// A request with one field changed or taken out.
pub(super) trait Patch {
    fn with(self, field: &str, value: impl Into<Value>) -> Value;
    fn without(self, field: &str) -> Value;
}

impl Patch for Value {
    fn with(mut self, field: &str, value: impl Into<Value>) -> Value {
        self[field] = value.into();
        self
    }

    fn without(mut self, field: &str) -> Value {
        self.as_object_mut().expect("a request is an object").remove(field);
        self
    }
}

pub(super) fn establish() -> Value {
    use Role::*;
    let known_to_gs1 = |msp_id: &str, country: &str, roles: &[Role], gln: &str| Member {
        gln: Some(of(gln)),
        ..member(msp_id, country, roles)
    };
    json(&ProposeFounding {
        members: vec![
            known_to_gs1(EXPORTER, "CN", &[Brand, Maker], "4012345000054"),
            known_to_gs1(IMPORTER, "DE", &[Seller], "4012345002256"),
            member(CARRIER, "NL", &[Carrier]),
            member(BANK, "DE", &[Bank]),
            Member {
                jurisdictions: set(&["CH", "DE", "FR"]),
                attests: set(&["EM"]),
                ..member(CUSTOMS, "DE", &[Customs])
            },
            Member { jurisdictions: set(&["US"]), ..member(SECOND_CUSTOMS, "US", &[Customs]) },
            member(SECOND_MAKER, "VN", &[Brand, Maker, Seller, Bank]),
            member(REGULATOR, "DE", &[Regulator]),
        ],
    })
}

/// The EPC URN of a piece of the brand's product.
pub(super) fn piece(serial: &str) -> String {
    format!("urn:epc:id:sgtin:4012345.011111.{serial}")
}

/// The canonical id of the same piece.
pub(super) fn piece_id(serial: &str) -> String {
    format!("https://id.gs1.org/01/{GTIN}/21/{serial}")
}

/// The EPC URN of a logistic unit.
pub(super) fn pallet(number: u32) -> String {
    format!("urn:epc:id:sscc:4012345.{number:010}")
}

pub(super) fn document(events: &[Value]) -> Value {
    json!({ "document": {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-12-01T00:00:00Z",
        "epcisBody": { "eventList": events },
    } })
}

pub(super) fn object_event(action: &str, step: &str, epcs: &[String]) -> Value {
    json!({
        "type": "ObjectEvent", "eventTime": "2025-12-01T08:00:00Z", "eventTimeZoneOffset": "+00:00",
        "action": action, "bizStep": step, "epcList": epcs,
    })
}

pub(super) fn aggregation(action: &str, step: &str, parent: &str, children: &[String]) -> Value {
    json!({
        "type": "AggregationEvent", "eventTime": "2025-12-01T09:00:00Z", "eventTimeZoneOffset": "+00:00",
        "action": action, "bizStep": step, "parentID": parent, "childEPCs": children,
    })
}

/// Stories the tables begin with.
impl World {
    pub(super) fn capture(&mut self, who: &str, events: &[Value]) -> Answer {
        self.submit(who, "item:Capture", &document(events))
    }

    pub(super) fn commission(&mut self, serials: &[&str]) -> Answer {
        let epcs: Vec<String> = serials.iter().map(|serial| piece(serial)).collect();
        self.capture(EXPORTER, &[object_event("ADD", "commissioning", &epcs)])
    }

    pub(super) fn pack(&mut self, unit: u32, children: &[String]) -> Answer {
        self.capture(EXPORTER, &[aggregation("ADD", "packing", &pallet(unit), children)])
    }

    pub(super) fn hand_over(&mut self, offer_id: &str, items: &[String], from: &str, to: &str) -> Answer {
        let offer = json!({ "transfer_id": offer_id, "items": items, "to": to, "condition": "good" });
        self.submit(from, "custody:Offer", &offer)?;
        self.submit(to, "custody:Accept", &json!({ "transfer_id": format!("{from}/{offer_id}") }))
    }

    pub(super) fn read_item(&mut self, item: &str) -> Answer {
        self.evaluate(REGULATOR, "item:ReadItem", &json!({ "item": item }))
    }
}

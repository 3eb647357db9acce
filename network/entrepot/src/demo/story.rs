//! The story itself, chapter by chapter.

use std::path::Path;

use anyhow::{Result, anyhow, ensure};
use fabric_operator::layout::Layout;
use serde_json::{Value, json};
use trade_standards::percent::encode;

use super::{
    calendar::Calendar,
    documents::{self, GTIN},
    founding::confirmation_path,
    party::Actor,
    teller::Teller,
};

const EXPORTER: &str = "ExporterMSP";
const IMPORTER: &str = "ImporterMSP";
const LOGISTICS: &str = "LogisticsMSP";
const BANK: &str = "BankMSP";
const CUSTOMS: &str = "CustomsMSP";
const REGULATOR: &str = "RegulatorMSP";

const PLANT: &str = "https://id.gs1.org/414/9521234000006";
/// A place that has nothing to do with the maker.
const ELSEWHERE: &str = "https://id.gs1.org/414/9521987000001";
const RIGHT: &str = "ExporterMSP/WO-mark-018123456";
const LICENCE: &str = "ExporterMSP/LIC-2026-0007";
/// Two consignments: one pallet goes to Germany, which the licence covers, one to Switzerland, which it does not.
const TO_GERMANY: &str = "095212340000000013";
const TO_SWITZERLAND: &str = "095212340000000020";
const GERMAN_SERIALS: [&str; 3] = ["7KQ2M9XA", "B4RT81ZC", "P0WN6S3E"];
const SWISS_SERIALS: [&str; 3] = ["D5HJ2V8F", "L9CX4Y7G", "T1MB3U6K"];
/// The serial number of an event that is copied.
const COPIED_SERIAL: &str = "K8GF5Z2Q";
const CURRENCY: &str = "EUR";
const INVOICE: &str = "INV-2026-311";
const AGREEMENT: &str = "TERMS-2026";
const ENTRY: &str = "ENTRY-42";
/// The difference that seller and buyer agreed to accept, in cents.
const TOLERANCE_MINOR: u64 = 1_000;
const TOLERANCE_BASIS_POINTS: u64 = 100;

/// Everybody who acts, each in a process of its own.
pub struct Story {
    calendar: Calendar,
    exporter: Actor,
    importer: Actor,
    logistics: Actor,
    bank: Actor,
    customs: Actor,
    /// The officers of customs: it takes two to release goods.
    officers: [Actor; 2],
    regulator: Actor,
    consumer: Actor,
}

impl Story {
    /// Starts the parties of a network. `program` is this one.
    ///
    /// # Errors
    /// A process cannot be started.
    pub fn new(program: &Path, layout: &Layout) -> Result<Self> {
        let party = |msp_id: &str| Actor::start(program, layout, Some(msp_id));
        let customs = party(CUSTOMS)?;
        Ok(Self {
            exporter: party(EXPORTER)?,
            importer: party(IMPORTER)?,
            logistics: party(LOGISTICS)?,
            bank: party(BANK)?,
            officers: [customs.person("Officer1"), customs.person("Officer2")],
            customs,
            regulator: party(REGULATOR)?,
            consumer: Actor::start(program, layout, None)?,
            calendar: Calendar::today(),
        })
    }

    /// Tells all chapters.
    ///
    /// # Errors
    /// A step did not hold.
    pub async fn tell(&self, teller: &mut Teller) -> Result<()> {
        self.members(teller).await?;
        self.rights(teller).await?;
        self.goods(teller).await?;
        self.custody(teller).await?;
        self.declarations(teller).await?;
        self.cloned_serial(teller).await?;
        self.payment(teller).await?;
        self.evidence(teller).await?;
        self.consumer(teller).await?;
        self.regulator(teller).await
    }

    async fn members(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("The parties name themselves");
        let identity = self.importer.get("/v1/whoami").await?.accepted();
        let identity = teller.step("the importer logs in with its enrolment certificate", identity)?;
        teller.detail(&format!("{} as {}", text(&identity, "msp_id"), text(&identity, "subject")));
        let list = members();
        let proposed = self.exporter.post("/v1/foundings", &list).await?.accepted();
        let proposed =
            teller.step("the exporter proposes who is a member, with which roles and countries", proposed)?;
        let path = confirmation_path(&proposed["result"]);
        let nothing = json!({});
        for founder in [&self.exporter, &self.importer, &self.logistics, &self.bank] {
            founder.post(&path, &nothing).await?.accepted()?;
        }
        let early = self.importer.get("/v1/members").await?.refused(409, "governance.not_established");
        teller.step("four of five have confirmed, and there are no members yet", early)?;
        let regulator = self.regulator.post(&path, &nothing).await?.refused(403, "role_not_permitted");
        teller.step("the regulator is listed and confirms nothing", regulator)?;
        let last = self.customs.post(&path, &nothing).await?.accepted()?;
        teller.step("with the last confirmation the list is in force", expect_true(&last["result"], "in_force"))?;
        let again = self.importer.post("/v1/foundings", &list).await?.refused(409, "governance.already_established");
        teller.step("a second founding is refused", again)?;
        Ok(())
    }

    async fn rights(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("A brand registers its mark and licenses an importer for some countries");
        let right = json!({
            "kind": "mark", "office": "WO", "number": "018123456", "title": "AURORA",
            "territories": ["DE", "FR", "NL", "CH"],
            "validity": {"from": self.calendar.day(-900)?, "until": self.calendar.day(2700)?},
            "nice_classes": [14], "products": [GTIN],
        });
        let right = self.exporter.post("/v1/rights", &right).await?.accepted();
        let right = teller.step("the brand states that the mark AURORA is registered for DE, FR, NL and CH", right)?;
        teller.detail(&format!("it is {}: its owner's word", text(&right["result"], "standing")));
        let attestation = format!("/v1/rights/{RIGHT}/attestation");
        let attested = self.customs.post(&attestation, &json!({"basis": {"kind": "register"}})).await?.accepted();
        teller.step("customs has looked into the office's register and attests it", attested)?;
        let licence = json!({
            "licence_id": "LIC-2026-0007", "right_id": RIGHT, "licensee": IMPORTER, "exclusivity": "non_exclusive",
            "acts": ["import", "sell"], "territories": ["DE", "FR"], "products": [GTIN],
            "period": {"from": self.calendar.day(-300)?, "until": self.calendar.day(400)?},
        });
        let granted = self.exporter.post("/v1/licences", &licence).await?.accepted();
        let granted = teller.step("the brand offers a licence to import and sell in DE and FR", granted)?;
        teller.detail(&format!("it is {}", text(&granted["result"], "state")));
        let accepted = self.importer.post(&format!("/v1/licences/{LICENCE}/accept"), &json!({})).await?.accepted();
        teller.step("the importer accepts it, and both have signed", accepted)?;
        let wider = json!({
            "licence_id": "LIC-2026-0008", "right_id": RIGHT, "licensee": LOGISTICS, "exclusivity": "non_exclusive",
            "acts": ["import"], "territories": ["DE"], "products": [GTIN],
            "period": {"from": self.calendar.day(-300)?, "until": self.calendar.day(400)?},
        });
        let refused = self.importer.post("/v1/licences", &wider).await?.refused(403, "rights.not_owner");
        teller.step("the importer cannot license what it does not own", refused)?;
        Ok(())
    }

    async fn goods(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("The maker commissions, packs and ships serialised goods (EPCIS 2.0)");
        let serials: Vec<&str> = GERMAN_SERIALS.into_iter().chain(SWISS_SERIALS).collect();
        let document = documents::commissioning(&serials, &self.calendar.moment(19, "08:00")?, PLANT);
        let receipt = self.exporter.post("/v1/captures", &document).await?.accepted();
        let receipt = teller.step("six watches get their serial numbers", receipt)?;
        teller.detail(&format!("event {}", text(&receipt["result"]["events"][0], "event_hash")));
        let again = self.exporter.post("/v1/captures", &document).await?.accepted()?;
        let known = expect(&again["result"]["events"][0], "status", "already_recorded");
        teller.step("the same document again changes nothing: its events are known by their hash", known)?;
        for (sscc, serials) in [(TO_GERMANY, GERMAN_SERIALS), (TO_SWITZERLAND, SWISS_SERIALS)] {
            let document = documents::packing_and_shipping(
                sscc,
                &serials,
                &self.calendar.moment(19, "10:00")?,
                &self.calendar.moment(18, "06:30")?,
                PLANT,
            );
            let receipt = self.exporter.post("/v1/captures", &document).await?.accepted();
            teller.step(&format!("three of them leave on pallet {sscc}"), receipt)?;
        }
        let wrong = documents::commissioning(&["X"], &self.calendar.moment(19, "08:00")?, PLANT)
            .to_string()
            .replace(GTIN, "09521234543214");
        let wrong = self.exporter.post("/v1/captures", &serde_json::from_str(&wrong)?).await?;
        let refused = wrong.refused(400, "item.check_digit");
        teller.step("a code with a wrong check digit is refused", refused)?;
        Ok(())
    }

    async fn custody(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("Custody passes by handshakes: who offers stays responsible until the other accepts");
        let pallets = [documents::pallet(TO_GERMANY), documents::pallet(TO_SWITZERLAND)];
        let offer = json!({
            "transfer_id": "HO-1", "items": pallets, "to": LOGISTICS, "condition": "sealed, dry", "seal": "SL-448291",
        });
        let offered = self.exporter.post("/v1/custody-transfers", &offer).await?.accepted();
        teller.step("the maker offers both pallets to the carrier", offered)?;
        let stranger = self
            .importer
            .post("/v1/custody-transfers/ExporterMSP/HO-1/accept", &json!({"seal": "SL-448291"}))
            .await?
            .refused(403, "custody.not_receiver");
        teller.step("another member cannot accept", stranger)?;
        let accepted = self
            .logistics
            .post("/v1/custody-transfers/ExporterMSP/HO-1/accept", &json!({"seal": "SL-448291"}))
            .await?
            .accepted();
        teller.step("the carrier accepts, and the watches on the pallets move along", accepted)?;
        for (number, pallet) in [(2, TO_GERMANY), (3, TO_SWITZERLAND)] {
            let offer = json!({
                "transfer_id": format!("HO-{number}"), "items": [documents::pallet(pallet)], "to": IMPORTER,
                "condition": "sealed, dry", "seal": "SL-448291",
            });
            self.logistics.post("/v1/custody-transfers", &offer).await?.accepted()?;
            self.importer
                .post(&format!("/v1/custody-transfers/{LOGISTICS}/HO-{number}/accept"), &json!({"seal": "SL-448291"}))
                .await?
                .accepted()?;
        }
        let path = format!("/v1/items/{}", encode(&documents::item(GERMAN_SERIALS[0])));
        let item = self.importer.get(&path).await?.accepted()?;
        teller.step("the importer holds them now", expect(&item, "holder", IMPORTER))?;
        let title = json!({"title_id": "SALE-1", "items": [documents::pallet(TO_GERMANY)], "buyer": IMPORTER});
        self.exporter.post("/v1/title-transfers", &title).await?.accepted()?;
        let bought = "/v1/title-transfers/ExporterMSP/SALE-1/accept";
        self.importer.post(bought, &json!({})).await?.accepted()?;
        let item = self.importer.get(&path).await?.accepted()?;
        teller.step(
            "the maker sells the German pallet, and the importer owns the watches on it",
            expect(&item, "owner", IMPORTER),
        )?;
        let again = json!({"title_id": "SALE-2", "items": [documents::pallet(TO_GERMANY)], "buyer": LOGISTICS});
        let refused = self.exporter.post("/v1/title-transfers", &again).await?.refused(403, "title.not_owner");
        teller.step("what is sold is not sold a second time", refused)?;
        Ok(())
    }

    async fn declarations(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("Customs decides about a value it proves but does not publish");
        for (tariff, country) in [("TARIFF-DE", "DE"), ("TARIFF-CH", "CH")] {
            self.customs.post("/v1/tariffs", &tariff_of(self.calendar, tariff, country)?).await?.accepted()?;
        }
        teller.step("customs publishes its tariffs and rules as dated data", Ok(()))?;

        let german = json!({
            "declaration_id": "DEC-DE-1", "tariff_id": "CustomsMSP/TARIFF-DE", "destination": "DE", "pallet": TO_GERMANY,
            "right_id": RIGHT, "licence_id": LICENCE,
        });
        let filed = self.importer.act_and_send("declare", german).await?.accepted();
        let filed = teller
            .step("the importer declares the German pallet: a commitment, and a proof for the tariff band", filed)?;
        teller.detail(&format!("commitment {}", text(&filed["result"], "value_commitment")));
        let declaration = json!({"declaration_id": "DEC-DE-1", "tariff_id": "CustomsMSP/TARIFF-DE"});
        let opened = self.importer.act_and_send("open_value", declaration.clone()).await?.accepted();
        teller.step(
            "the importer opens the value to customs, in a transaction that their two peers alone endorse",
            opened,
        )?;
        let read = self.customs.act("read_value", declaration.clone()).await?;
        teller.step("customs reads the value at its own peer: it opens the commitment", expect_true(&read, "opens"))?;
        let refused = self
            .exporter
            .get("/v1/declarations/ImporterMSP/DEC-DE-1/opening")
            .await?
            .refused(403, "caller.not_a_party");
        teller.step("the exporter cannot", refused)?;

        let stolen = json!({"declaration_id": "DEC-DE-2", "other": "DEC-DE-1"});
        let replayed = self.importer.act_and_send("declare_with_the_proof_of", stolen).await?;
        let replayed = replayed.refused(422, "proof.of_another_record");
        teller.step("the same proof under another declaration is refused", replayed)?;
        let out_of_band = self.importer.act("prove_another_band", declaration).await?;
        teller.step(
            "no proof can be made for a band the value does not lie in",
            inverted(expect_true(&out_of_band, "proved")),
        )?;

        self.release(teller).await?;

        let swiss = json!({
            "declaration_id": "DEC-CH-1", "tariff_id": "CustomsMSP/TARIFF-CH", "destination": "CH", "pallet": TO_SWITZERLAND,
            "right_id": RIGHT, "licence_id": LICENCE,
        });
        self.importer.act_and_send("declare", swiss).await?.accepted()?;
        let assessed =
            self.officers[0].post("/v1/declarations/ImporterMSP/DEC-CH-1/assessment", &json!({})).await?.accepted()?;
        let intercepted = expect(&assessed["result"], "outcome", "intercept").map(|()| assessed);
        let intercepted =
            teller.step("the Swiss pallet is intercepted: the licence does not cover Switzerland", intercepted)?;
        for finding in intercepted["result"]["findings"].as_array().into_iter().flatten() {
            if text(finding, "result") != "met" {
                let reasons = finding["reasons"].as_array().into_iter().flatten().map(reason);
                let reasons: Vec<String> = reasons.collect();
                let (rule, result) = (text(finding, "rule_id"), text(finding, "result"));
                teller.detail(&format!("{rule}: {result}, {}", reasons.join(", ")));
            }
        }
        Ok(())
    }

    /// Four eyes: one officer decides, another one approves.
    async fn release(&self, teller: &mut Teller) -> Result<()> {
        let assessment = "/v1/declarations/ImporterMSP/DEC-DE-1/assessment";
        let refused = self.customs.post(assessment, &json!({})).await?.refused(403, "duty_missing");
        teller.step("who is no officer of customs decides nothing", refused)?;
        let assessed = self.officers[0].post(assessment, &json!({})).await?.accepted()?;
        let proposed = expect(&assessed["result"], "outcome", "clear").map(|()| assessed);
        let proposed = teller.step("an officer would clear it; nothing is released yet", proposed)?;
        for finding in proposed["result"]["findings"].as_array().into_iter().flatten() {
            teller.detail(&format!("{}: {}", text(finding, "rule_id"), text(finding, "result")));
        }
        let (approve, number) = ("/v1/declarations/ImporterMSP/DEC-DE-1/decision/approve", json!({"number": 1}));
        let alone = self.officers[0].post(approve, &number).await?.refused(403, "caller.same_person");
        teller.step("the same officer cannot approve", alone)?;
        self.officers[1].post(approve, &number).await?.accepted()?;
        let filed = self.importer.get("/v1/declarations/ImporterMSP/DEC-DE-1").await?.accepted()?;
        teller.step("a second officer approves: customs clears it", expect(&filed, "state", "cleared"))
    }

    async fn cloned_serial(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("A serial number appears a second time");
        let clone = documents::commissioning(&[GERMAN_SERIALS[1]], &self.calendar.moment(11, "09:00")?, ELSEWHERE);
        let receipt = self.importer.post("/v1/captures", &clone).await?.accepted()?;
        let alarm = receipt["result"]["alarms"][0].clone();
        let raised = expect(&alarm, "kind", "commissioner_not_entitled");
        teller.step("the event is recorded, and an alarm with it in the same transaction", raised)?;
        let read = self.regulator.get(&format!("/v1/alarms/{}", text(&alarm, "alarm_id"))).await?.accepted()?;
        ensure!(
            read["raised"]["transaction_id"] == receipt["transaction_id"],
            "alarm and event have different transactions"
        );
        teller.detail(&text(&read, "text"));
        let evidence =
            self.regulator.get(&format!("/v1/evidence/{}", text(&alarm, "evidence_sha256"))).await?.accepted();
        teller.step("its evidence was fixed together with it", evidence)?;
        let declared = documents::declared_erroneous(clone, &self.calendar.moment(10, "09:00")?);
        self.importer.post("/v1/captures", &declared).await?.accepted()?;
        let read = self.regulator.get(&format!("/v1/alarms/{}", text(&alarm, "alarm_id"))).await?.accepted()?;
        let stands = expect(&read, "state", "raised");
        teller.step("the importer takes its event back: the alarm is about it, so it stands", stands)?;
        let group = format!("/v1/alarm-groups/{}", text(&alarm, "group_id"));
        let answer = json!({"text": "A label was read twice at the dock."});
        let answered = self.importer.post(&format!("{group}/answer"), &answer).await?.accepted();
        teller.step("the importer answers, and only those concerned are told so far", answered)?;
        let decision = json!({"finding": "confirmed", "reason": "Two watches with this number were found."});
        let decided = self.officers[0].post(&format!("{group}/decision"), &decision).await?.accepted();
        teller.step("customs looks into it and confirms it: from now on everybody is told", decided)?;

        let event = documents::commissioning(&[COPIED_SERIAL], &self.calendar.moment(9, "08:00")?, PLANT);
        let copied = self.logistics.post("/v1/captures", &event).await?.accepted()?;
        let raised = expect(&copied["result"]["alarms"][0], "kind", "commissioner_not_entitled");
        teller
            .step("the carrier sends an event of the maker's before the maker does, and is no maker by that", raised)?;
        let own = self.exporter.post("/v1/captures", &event).await?.accepted()?;
        let alarms = own["result"]["alarms"].as_array().map_or(0, Vec::len);
        let alone = if alarms == 0 { Ok(()) } else { Err(anyhow!("{alarms} alarms about the maker's own event")) };
        teller.step("the maker's own event counts, and nothing that the carrier said binds or accuses it", alone)?;
        let item = self.regulator.get(&format!("/v1/items/{}", encode(&documents::item(COPIED_SERIAL)))).await?;
        expect(&item.accepted()?, "commissioner", EXPORTER)
    }

    /// Seller and buyer agree on terms, and the seller on its bank: without that, nobody can send them invoices or
    /// entries.
    async fn terms(&self, teller: &mut Teller) -> Result<()> {
        let uninvited = json!({"invoice_id": INVOICE, "buyer": IMPORTER, "watches": GERMAN_SERIALS.len()});
        let refused = self.exporter.act_and_send("issue_invoice", uninvited).await?;
        teller.step(
            "an invoice to a buyer without an agreement is refused",
            refused.refused(422, "payment.no_agreement"),
        )?;
        let terms = json!({
            "currency": "EUR", "tolerance_minor": TOLERANCE_MINOR.to_string(),
            "tolerance_basis_points": TOLERANCE_BASIS_POINTS, "payment_days": 10, "notice_days": 30,
            "valid": {"from": self.calendar.day(-1)?},
        });
        let offer = json!({"agreement_id": AGREEMENT, "with": IMPORTER, "terms": terms});
        self.exporter.post("/v1/agreements", &offer).await?.accepted()?;
        let path = format!("/v1/agreements/{EXPORTER}/{AGREEMENT}/accept");
        let agreed = self.importer.post(&path, &json!({})).await?.accepted();
        teller.step("seller and buyer sign terms: days to pay, and how far a payment may differ", agreed)?;
        self.exporter.post("/v1/accounts", &json!({"bank": BANK})).await?.accepted()?;
        let kept = self.bank.post("/v1/account-acceptances", &json!({"holder": EXPORTER})).await?.accepted();
        teller.step("the seller names its bank, and the bank accepts: no other bank can report for it", kept)?;
        Ok(())
    }

    async fn invoice(&self, teller: &mut Teller) -> Result<()> {
        let invoice = json!({"invoice_id": INVOICE, "buyer": IMPORTER, "watches": GERMAN_SERIALS.len()});
        let issued = self.exporter.act_and_send("issue_invoice", invoice).await?.accepted();
        teller.step("the seller issues an invoice: a commitment, and a salted digest of the document", issued)?;
        let invoice = json!({"seller": EXPORTER, "invoice_id": INVOICE});
        let opened = self.exporter.act_and_send("open_invoice", invoice.clone()).await?.accepted();
        teller.step("the seller opens the total to the buyer", opened)?;
        let read = self.importer.act("check_invoice", invoice).await?;
        teller
            .step("the buyer reads the total at its own peer: it is what was agreed", expect_true(&read, "agrees"))?;
        let path = format!("/v1/invoices/{EXPORTER}/{INVOICE}/accept");
        let accepted = self.importer.post(&path, &json!({})).await?.accepted();
        teller.step("the buyer accepts the invoice: now it is owed", accepted)?;
        Ok(())
    }

    async fn payment(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("An invoice is settled from the bank's notification (ISO 20022) without showing an amount");
        self.terms(teller).await?;
        self.invoice(teller).await?;
        let invoice = json!({"seller": EXPORTER, "invoice_id": INVOICE, "bank": BANK});
        let ordered = self.importer.act("order_payment", invoice.clone()).await;
        teller.step("the buyer orders its bank to pay, outside of the ledger", ordered)?;
        let read = self.bank.act("carry_out", invoice).await;
        let read = teller.step("the bank pays, and its camt.054 about it is read", read)?;
        teller.detail(&text(&read, "version"));
        let entry = json!({"entry_id": ENTRY, "account_holder": EXPORTER});
        let recorded = self.bank.act_and_send("report_entry", entry.clone()).await?.accepted();
        teller.step("the bank reports the entry as it was read: amount, day and references", recorded)?;
        let opened = self.bank.act_and_send("open_entry", entry).await?.accepted();
        teller.step("the bank opens the amount to the account holder", opened)?;

        let settle = |proved: u64| {
            json!({
                "invoice_id": INVOICE, "bank": BANK, "entry_id": ENTRY, "proved_minor": proved.to_string(),
                "proved_basis_points": TOLERANCE_BASIS_POINTS,
            })
        };
        let wider = self.exporter.act_and_send("settle", settle(TOLERANCE_MINOR + 1)).await?;
        let refused = wider.refused(422, "proof.rejected");
        teller.step("a proof for a wider tolerance than the two have agreed on proves nothing", refused)?;
        let settled = self.exporter.act_and_send("settle", settle(TOLERANCE_MINOR)).await?.accepted();
        teller.step("a proof shows that payment and invoice agree within the agreed tolerance", settled)?;
        let again = self.exporter.act_and_send("settle", settle(TOLERANCE_MINOR)).await?;
        teller.step("it cannot be settled twice", again.refused(409, "payment.invoice_settled"))?;
        Ok(())
    }

    async fn evidence(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("Evidence is deposited by its hash");
        let original = b"photo of the seal SL-448291 at the port of Hamburg";
        let sha256 = hex::encode(fabric_msp::hash::sha256(original));
        let deposit = json!({
            "sha256": sha256, "kind": "image", "media_type": "image/jpeg", "size_bytes": original.len(),
            "captured_at": self.calendar.moment(9, "14:03")?, "tool": "handheld camera, firmware 4.2",
            "subjects": [{"kind": "custody_transfer", "id": format!("{LOGISTICS}/HO-2")}],
        });
        let deposited = self.logistics.post("/v1/evidence", &deposit).await?.accepted();
        teller.step("the carrier deposits a photo of the seal; the photo stays with the carrier", deposited)?;
        let check = self.regulator.get(&format!("/v1/evidence/{sha256}/verification")).await?.accepted()?;
        teller.step("the regulator finds the deposit by the photo's digest", expect_true(&check, "deposited"))?;
        let changed = hex::encode(fabric_msp::hash::sha256(b"another photo"));
        let check = self.regulator.get(&format!("/v1/evidence/{changed}/verification")).await?.accepted()?;
        teller.step("the digest of another photo is not found", inverted(expect_true(&check, "deposited")))?;
        Ok(())
    }

    async fn consumer(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("A consumer scans two codes");
        for (serial, conflict) in [(GERMAN_SERIALS[0], false), (GERMAN_SERIALS[1], true)] {
            let answer = self.consumer.get(&format!("/01/{GTIN}/21/{serial}")).await?.accepted()?;
            let right = answer["conflict_found"] == json!(conflict);
            let what = if conflict {
                "the second code: a conflict was found, and the answer says which"
            } else {
                "the first code: known, no conflict, and what a code cannot show"
            };
            teller.step(what, ensure_that(right, &answer))?;
            for statement in
                answer[if conflict { "conflicts" } else { "known" }].as_array().into_iter().flatten().take(2)
            {
                teller.detail(&text(statement, "text"));
            }
        }
        Ok(())
    }

    async fn regulator(&self, teller: &mut Teller) -> Result<()> {
        teller.chapter("The regulator traces goods and replays decisions, and its writes are refused");
        let item = encode(&documents::item(GERMAN_SERIALS[0]));
        let trace = self.regulator.get(&format!("/v1/items/{item}/trace?direction=backward")).await?.accepted();
        let trace =
            teller.step("it traces a watch back to its maker, with each holder and the time it held it", trace)?;
        for interval in trace["custody"].as_array().into_iter().flatten() {
            teller.detail(&format!(
                "{} from {} until {}",
                text(interval, "value"),
                text(interval, "from"),
                interval["until"].as_str().unwrap_or("now")
            ));
        }
        for id in ["DEC-DE-1", "DEC-CH-1"] {
            let replayed = self.regulator.get(&format!("/v1/declarations/{IMPORTER}/{id}/replay")).await?.accepted()?;
            teller.step(
                &format!("it replays the decision about {id}: the same result from the same facts"),
                expect_true(&replayed, "same_decision"),
            )?;
        }
        let write = json!({"sha256": "0".repeat(64), "kind": "other", "media_type": "text/plain", "captured_at": self.calendar.moment(1, "00:00")?, "tool": "none"});
        let refused = self.regulator.post("/v1/evidence", &write).await?.refused(403, "role_not_permitted");
        teller.step("its write is refused by the gateway", refused)?;
        let written = self.regulator.act("write_past_the_gateway", write).await;
        teller.step("past the gateway, its write is refused by the contract", written)?;
        let ordered = self.regulator.act("order_past_the_gateway", Value::Null).await;
        teller.step("an endorsed transaction of its own is refused by the channel's policy", ordered)?;
        Ok(())
    }
}

/// The members of the story: the body of `POST /v1/foundings`.
#[must_use]
pub fn members() -> Value {
    let member = |msp_id: &str, name: &str, country: &str, roles: &[&str]| json!({"msp_id": msp_id, "name": name, "country": country, "roles": roles});
    let mut brand = member(EXPORTER, "Aurora Timepieces Ltd", "CN", &["brand", "maker", "seller"]);
    brand["gs1_company_prefixes"] = json!(["9521234"]);
    let mut customs = member(CUSTOMS, "Customs authority", "DE", &["customs"]);
    customs["jurisdictions"] = json!(["CH", "DE"]);
    // It looks into the registers of these offices for rights that are to be protected at the border.
    customs["attests"] = json!(["EM", "WO"]);
    json!({"members": [
        brand,
        member(IMPORTER, "Hanse Import GmbH", "DE", &["brand", "seller"]),
        member(LOGISTICS, "Silk Road Carriers", "CN", &["carrier"]),
        member(BANK, "Handelsbank", "DE", &["bank"]),
        customs,
        member(REGULATOR, "Market surveillance", "DE", &["regulator"]),
    ]})
}

/// The tariff band of the story, in cents.
const BAND: (u64, u64) = (1_000_000, 2_000_000);

fn tariff_of(calendar: Calendar, id: &str, country: &str) -> Result<Value> {
    let rule = |id: &str, check: &str, broken: &str, unknown: &str| json!({"rule_id": id, "check": check, "when_broken": broken, "when_unknown": unknown});
    Ok(json!({
        "tariff_id": id, "version": 1, "jurisdiction": country, "currency": CURRENCY,
        "validity": {"from": calendar.day(-300)?, "until": calendar.day(1000)?},
        "source": "demo tariff, heading 9102",
        "bands": [{
            "band_id": "watches", "hs_prefix": "9102", "duty_basis_points": 450,
            "value_min_minor": BAND.0.to_string(), "value_max_minor": BAND.1.to_string(),
        }],
        "rules": [
            rule("value-in-band", "value_in_band", "document_check", "document_check"),
            rule("ip-licence", "licence_chain", "intercept", "document_check"),
            rule("ip-territory", "licence_territory", "intercept", "document_check"),
            rule("ip-period", "licence_period", "intercept", "document_check"),
            rule("ip-product", "licence_product", "intercept", "document_check"),
            rule("no-conflict", "no_open_alarm", "document_check", "document_check"),
            rule("origin-known", "origin_known", "document_check", "document_check"),
        ],
    }))
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().map_or_else(|| value[field].to_string(), ToOwned::to_owned)
}

/// `not_covered (outside_territory)`: the code of a finding's reason, and the rule inside it where there is one.
fn reason(value: &Value) -> String {
    let code = text(value, "code");
    value["reason"].as_str().map_or_else(|| code.clone(), |inner| format!("{code} ({inner})"))
}

fn expect(value: &Value, field: &str, wanted: &str) -> Result<()> {
    ensure!(value[field] == wanted, "{field} is {}, not {wanted}, in {value}", value[field]);
    Ok(())
}

fn expect_true(value: &Value, field: &str) -> Result<()> {
    ensure!(value[field] == true, "{field} is {}, not true, in {value}", value[field]);
    Ok(())
}

fn ensure_that(holds: bool, answer: &Value) -> Result<()> {
    ensure!(holds, "the answer is {answer}");
    Ok(())
}

/// A step that holds because something is refused.
fn inverted<T>(result: Result<T>) -> Result<()> {
    ensure!(result.is_err(), "it was not refused");
    Ok(())
}

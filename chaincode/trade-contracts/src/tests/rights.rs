//! `rights`.

mod attacks;
mod claims;
mod contests;
mod licences;

use fixtures::{json, of};
use serde_json::{Value, json};
use trade_model::rights::{
    AcceptLicence, AcceptProducts, AcceptRight, AssignProducts, AttestRight, CheckLicence, FindRights, GrantLicence,
    OfferRight, OpposeRight, ReadLicence, ReadRight, RegisterRight, RevokeLicence,
};
use trade_model::{Transaction, rights::EndRight};

use super::world::*;

#[test]
fn every_row_is_taken_or_refused_by_the_code_it_names() {
    try_all(tables());
}

pub(super) fn tables() -> Vec<(&'static str, Vec<Row>)> {
    [claims::tables(), contests::tables(), licences::tables()].concat()
}

pub(super) const RIGHT: &str = "ExporterMSP/EM-mark-018123456";
pub(super) const LICENCE: &str = "ExporterMSP/lic-1";
/// The second claim to the same number.
const RIVAL: &str = "MakerMSP/EM-mark-018123456";
/// A product under a prefix that [`World::with_prefixes`] gives to the second maker.
const FOREIGN: &str = "06141411073468";

pub(super) fn right() -> Value {
    json(&fixtures::right("018123456", &["4012345111118"]))
}

pub(super) fn licence() -> Value {
    json(&fixtures::licence("lic-1", &of(RIGHT), IMPORTER, &[GTIN]))
}

fn sub_licence() -> Value {
    licence().with("licence_id", "sub-1").with("parent_licence_id", LICENCE).with("licensee", CARRIER)
}

fn named(right_id: &str) -> Value {
    json!({ "right_id": right_id })
}

impl World {
    /// A registered mark that is attested, and a licence of the importer that both have signed.
    pub(super) fn licensed(&mut self) {
        self.claim(EXPORTER, &right()).expect("a new right");
        self.attest();
        self.granted(EXPORTER, &licence()).expect("both sign");
    }

    fn claim(&mut self, who: &str, request: &Value) -> Answer {
        self.submit(who, RegisterRight::NAME, request)
    }

    /// Customs confirms the exporter's mark.
    pub(super) fn attest(&mut self) {
        self.attested(CUSTOMS, RIGHT).expect("it may attest");
    }

    pub(super) fn attested(&mut self, who: &str, right_id: &str) -> Answer {
        self.submit(who, AttestRight::NAME, &named(right_id).with("basis", json!({ "kind": "register" })))
    }

    /// Grants a licence and lets its licensee accept it.
    pub(super) fn granted(&mut self, licensor: &str, request: &Value) -> Answer {
        let granted = self.submit(licensor, GrantLicence::NAME, request)?;
        let licensee = granted["licensee"].as_str().unwrap_or_default().to_owned();
        self.accept(&licensee, granted["licence_id"].as_str().unwrap_or_default())
    }

    fn accept(&mut self, who: &str, licence_id: &str) -> Answer {
        self.submit(who, AcceptLicence::NAME, &json!({ "licence_id": licence_id }))
    }

    fn revoke(&mut self, who: &str, licence_id: &str) -> Answer {
        self.submit(who, RevokeLicence::NAME, &json!({ "licence_id": licence_id, "reason": "unpaid" }))
    }

    fn end(&mut self, who: &str, right_id: &str) -> Answer {
        self.submit(who, EndRight::NAME, &named(right_id).with("reason", "not used"))
    }

    fn offer(&mut self, who: &str, to: &str) -> Answer {
        self.submit(who, OfferRight::NAME, &named(RIGHT).with("to", to))
    }

    fn take_over(&mut self, who: &str) -> Answer {
        self.submit(who, AcceptRight::NAME, &named(RIGHT))
    }

    fn oppose(&mut self, who: &str, right_id: &str) -> Answer {
        let ground = json!({ "kind": "same_registration" });
        self.submit(who, OpposeRight::NAME, &named(right_id).with("ground", ground).with("reason", "it is ours"))
    }

    /// The second maker assigns a product to the exporter, which accepts.
    fn assigned(&mut self, products: &Value) -> Answer {
        self.submit(SECOND_MAKER, AssignProducts::NAME, &json!({ "to": EXPORTER, "products": products }))?;
        self.submit(EXPORTER, AcceptProducts::NAME, &json!({ "from": SECOND_MAKER }))
    }

    fn right(&mut self, right_id: &str) -> Value {
        self.evaluate(REGULATOR, ReadRight::NAME, &named(right_id)).expect("a known right")
    }

    fn licence(&mut self, licence_id: &str) -> Value {
        self.evaluate(REGULATOR, ReadLicence::NAME, &json!({ "licence_id": licence_id })).expect("a known licence")
    }

    fn asked(&mut self, question: &Value) -> Value {
        self.evaluate(REGULATOR, CheckLicence::NAME, question).expect("a known right")
    }

    fn protecting(&mut self, product: &str, territory: &str) -> Vec<Value> {
        let question = json!({ "product": product, "territory": territory });
        let found = self.evaluate(CUSTOMS, FindRights::NAME, &question).expect("an answer");
        assert_eq!(found["complete"], true);
        found["rights"].as_array().cloned().unwrap_or_default()
    }

    fn days_later(&mut self, days: i64) {
        self.clock += days * 86_400;
    }

    /// The exporter and the second maker have named their prefixes, and a trading member attests as well.
    fn with_prefixes() -> Self {
        let mut list = establish();
        for (msp_id, field, value) in [
            (EXPORTER, "gs1_company_prefixes", json!(["4012345"])),
            (SECOND_MAKER, "gs1_company_prefixes", json!(["614141"])),
            (SECOND_MAKER, "attests", json!(["EM"])),
        ] {
            let members = list["members"].as_array_mut().expect("a list");
            let member = members.iter_mut().find(|member| member["msp_id"] == msp_id).expect("a member");
            member[field] = value;
        }
        Self::founded(&list)
    }
}

/// A field of every entry.
fn texts(list: &[Value], field: &str) -> Vec<String> {
    list.iter().map(|entry| entry[field].as_str().unwrap_or_default().to_owned()).collect()
}

fn question() -> Value {
    json!({ "right_id": RIGHT, "party": IMPORTER, "act": "import", "product": GTIN, "territory": "DE" })
}

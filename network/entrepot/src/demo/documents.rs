//! The documents of the story: EPCIS events of the brand and a notification of the bank.

use serde_json::{Value, json};

/// The product's GTIN. The prefix 952 is GS1's own, for examples.
pub const GTIN: &str = "09521234543213";

/// A serialised item of the product as a GS1 Digital Link.
#[must_use]
pub fn item(serial: &str) -> String {
    format!("https://id.gs1.org/01/{GTIN}/21/{serial}")
}

/// A pallet as a GS1 Digital Link.
#[must_use]
pub fn pallet(sscc: &str) -> String {
    format!("https://id.gs1.org/00/{sscc}")
}

/// Commissioning of the given serial numbers in a plant.
#[must_use]
pub fn commissioning(serials: &[&str], time: &str, plant: &str) -> Value {
    let items: Vec<String> = serials.iter().map(|serial| item(serial)).collect();
    document(
        time,
        &[json!({
            "type": "ObjectEvent",
            "eventTime": time,
            "eventTimeZoneOffset": "+00:00",
            "epcList": items,
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "readPoint": {"id": plant},
            "bizLocation": {"id": plant},
        })],
    )
}

/// The same document, declaring its only event erroneous.
#[must_use]
pub fn declared_erroneous(mut document: Value, time: &str) -> Value {
    let declaration = json!({"declarationTime": time, "reason": "incorrect_data"});
    document["epcisBody"]["eventList"][0]["errorDeclaration"] = declaration;
    document
}

/// Packing of items onto a pallet, and the pallet's shipping.
#[must_use]
pub fn packing_and_shipping(sscc: &str, serials: &[&str], packed: &str, shipped: &str, plant: &str) -> Value {
    let items: Vec<String> = serials.iter().map(|serial| item(serial)).collect();
    document(
        shipped,
        &[
            json!({
                "type": "AggregationEvent",
                "eventTime": packed,
                "eventTimeZoneOffset": "+00:00",
                "parentID": pallet(sscc),
                "childEPCs": items,
                "action": "ADD",
                "bizStep": "packing",
                "disposition": "in_progress",
                "readPoint": {"id": plant},
                "bizLocation": {"id": plant},
            }),
            json!({
                "type": "ObjectEvent",
                "eventTime": shipped,
                "eventTimeZoneOffset": "+00:00",
                "epcList": [pallet(sscc)],
                "action": "OBSERVE",
                "bizStep": "shipping",
                "disposition": "in_transit",
                "readPoint": {"id": plant},
                "bizTransactionList": [{"type": "desadv", "bizTransaction": format!("urn:epcglobal:cbv:bt:9521234000006:{sscc}")}],
            }),
        ],
    )
}

fn document(created: &str, events: &[Value]) -> Value {
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created,
        "epcisBody": {"eventList": events},
    })
}

/// The text of an invoice as seller and buyer hold it. The amount is in minor units of a currency with two decimals.
#[must_use]
pub fn invoice(number: &str, minor: u64, currency: &str) -> String {
    format!("Invoice {number}\nThree watches AURORA\nTotal: {}.{:02} {currency}\n", minor / 100, minor % 100)
}

/// A payment that a bank reports. The amount is in minor units of a currency with two decimals.
#[derive(Debug, Clone, Copy)]
pub struct Credit<'a> {
    /// The amount.
    pub minor: u64,
    /// ISO 4217 code.
    pub currency: &'a str,
    /// The payer's id towards the payee.
    pub end_to_end_id: &'a str,
    /// The payee's reference that the payer quotes (ISO 11649).
    pub creditor_reference: &'a str,
    /// The bank's reference of the entry.
    pub servicer_reference: &'a str,
    /// The day of the booking, YYYY-MM-DD.
    pub day: &'a str,
}

/// A credit notification (`camt.054`) with one payment.
#[must_use]
pub fn credit_notification(credit: &Credit<'_>) -> String {
    let Credit { minor, currency, end_to_end_id, creditor_reference, servicer_reference, day } = *credit;
    let amount = format!("{}.{:02}", minor / 100, minor % 100);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">
  <BkToCstmrDbtCdtNtfctn>
    <GrpHdr><MsgId>NTF-2026-11-0001</MsgId><CreDtTm>{day}T07:00:00Z</CreDtTm></GrpHdr>
    <Ntfctn>
      <Id>NTF-2026-11-0001-1</Id>
      <CreDtTm>{day}T07:00:00Z</CreDtTm>
      <Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>{currency}</Ccy></Acct>
      <Ntry>
        <Amt Ccy="{currency}">{amount}</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd>
        <Sts><Cd>BOOK</Cd></Sts>
        <BookgDt><Dt>{day}</Dt></BookgDt>
        <ValDt><Dt>{day}</Dt></ValDt>
        <AcctSvcrRef>{servicer_reference}</AcctSvcrRef>
        <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
        <NtryDtls>
          <TxDtls>
            <Refs><EndToEndId>{end_to_end_id}</EndToEndId></Refs>
            <Amt Ccy="{currency}">{amount}</Amt>
            <CdtDbtInd>CRDT</CdtDbtInd>
            <RmtInf><Strd><CdtrRefInf><Ref>{creditor_reference}</Ref></CdtrRefInf></Strd></RmtInf>
          </TxDtls>
        </NtryDtls>
      </Ntry>
    </Ntfctn>
  </BkToCstmrDbtCdtNtfctn>
</Document>
"#
    )
}

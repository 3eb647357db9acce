//! Every refusal the trade ledger can give: one variant per rule, with a stable code, a title, a status and the facts.
//!
//! A rejection says that the caller broke a rule; it is deterministic and part of the API. Faults (a peer that does not
//! answer, a collection that is not there) are not here. No text of a rejection ever holds a private value: it names
//! fields, ids and rules.

use crate::party::Role;
use trade_standards::identifier::{IdentifierError, MspId};

/// Declares the enum and its table in one place, so that no variant can lack a code, a title, a status or a sentence.
macro_rules! rejections {
    ($($(#[$doc:meta])* $variant:ident $({ $($field:ident : $type:ty),+ $(,)? })? = $status:literal $code:literal $title:literal $detail:literal;)+) => {
        /// A broken rule. See the variants for the rules.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the fields are named after what they hold")]
        pub enum Rejection {
            $($(#[$doc])* #[doc = ""] #[doc = concat!("Code `", $code, "`, status ", stringify!($status), ".")] $variant $({ $($field: $type),+ })?,)+
        }

        impl Rejection {
            /// The stable codes of all rules, in the order of the table.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// The stable code, `<domain>.<rule>`.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$variant $({ $($field: _),+ })? => $code,)+ }
            }

            /// A short title that never varies.
            pub fn title(&self) -> &'static str {
                match self { $(Self::$variant $({ $($field: _),+ })? => $title,)+ }
            }

            /// The HTTP-like status, 400 to 499.
            pub fn status(&self) -> u16 {
                match self { $(Self::$variant $({ $($field: _),+ })? => $status,)+ }
            }

            /// One sentence with the facts of this case.
            pub fn detail(&self) -> String {
                #[allow(unused_variables, reason = "not every sentence quotes every field")]
                match self { $(Self::$variant $({ $($field),+ })? => format!($detail),)+ }
            }
        }
    };
}

rejections! {
    // Who asks.
    /// The caller's MSP is no enterprise of this channel.
    CallerNotEnrolled { msp_id: String } = 403 "caller.not_enrolled" "The caller's enterprise is not enrolled" "{msp_id} is not among the established participants";
    /// A regulator reads and never writes.
    RegulatorReadsOnly { msp_id: String } = 403 "caller.regulator_reads_only" "A regulator cannot change anything" "{msp_id} is a regulator and may only read";
    /// The caller's enterprise lacks the role for this.
    RoleMissing { msp_id: String, role: Role } = 403 "caller.role_missing" "The caller's enterprise lacks the role" "{msp_id} does not have the role {role}";

    // The form of a request.
    /// A chosen id has the wrong form.
    IdMalformed { field: &'static str } = 400 "request.id_malformed" "An id has the wrong form" "{field} must have 1 to 64 letters, digits, dots, dashes or underscores";
    /// A text is too short or too long or holds control characters.
    TextMalformed { field: &'static str, max: usize } = 400 "request.text_malformed" "A text has the wrong length or characters" "{field} must have 1 to {max} characters and no control characters";
    /// A list is longer than its bound.
    TooMany { field: &'static str, max: usize } = 400 "request.too_many" "A list is too long" "{field} can have at most {max} entries";
    /// A list that needs entries has none.
    Empty { field: &'static str } = 400 "request.empty" "A list is empty" "{field} needs at least one entry";
    /// A list names the same thing twice.
    Duplicate { field: &'static str } = 400 "request.duplicate" "A list names something twice" "{field} names something twice";
    /// A digest is not 64 lower-case hexadecimal digits.
    DigestMalformed { field: &'static str } = 400 "request.digest_malformed" "A digest has the wrong form" "{field} must be 64 lower-case hexadecimal digits";
    /// A number is not in the form or range its field asks for.
    NumberMalformed { field: &'static str } = 400 "request.number_malformed" "A number has the wrong form or range" "{field} is not a number of the form and range it must have";
    /// A period ends before it begins.
    PeriodDisordered { field: &'static str } = 400 "request.period_disordered" "A period ends before it begins" "{field} ends before it begins";
    /// An identifier of a standard has the wrong form.
    IdentifierMalformed { field: &'static str, rule: IdentifierError } = 400 "identifier.malformed" "An identifier has the wrong form" "{field}: {rule}";
    /// The check digit of an identifier is wrong.
    CheckDigit { field: &'static str, rule: IdentifierError } = 400 "identifier.check_digit" "A check digit is wrong" "{field}: {rule}";
    /// A code is well formed and not on its list.
    NotListed { field: &'static str, rule: IdentifierError } = 400 "identifier.not_listed" "A code is not on its list" "{field}: {rule}";

    // Commitments, openings and proofs.
    /// A commitment is not a canonical, non-identity point.
    CommitmentMalformed { field: &'static str } = 400 "proof.commitment_malformed" "A commitment cannot be read" "{field} is not a commitment";
    /// A proof cannot be read: wrong form, version, suite or size.
    ProofMalformed { field: &'static str } = 400 "proof.malformed" "A proof cannot be read" "{field} is not a proof of a known form";
    /// A proof was made for another record, party, purpose or statement.
    ProofOfAnother { field: &'static str } = 422 "proof.of_another_record" "The proof was made for something else" "{field} is bound to another record, party, purpose or statement";
    /// A proof is well formed and does not hold.
    ProofRejected { field: &'static str } = 422 "proof.rejected" "The proof does not hold" "{field} does not prove its statement";
    /// The private input is missing.
    OpeningMissing = 400 "private.missing" "The private input is missing" "the transient field `private` is needed for this transaction";
    /// The private input is not what this transaction expects. What it held is not repeated.
    OpeningMalformed = 400 "private.malformed" "The private input cannot be read" "the transient field `private` does not hold the object this transaction expects";
    /// The opening does not open the commitment.
    OpeningWrong { field: &'static str } = 422 "private.opening_wrong" "The opening does not open the commitment" "the private input does not open {field}";

    // Governance.
    /// The participants were established before.
    AlreadyEstablished = 409 "governance.already_established" "The participants are already established" "the participants of this channel were established before";
    /// Nobody has established the participants yet.
    NotEstablished = 409 "governance.not_established" "The participants are not established yet" "the participants of this channel must be established first";
    /// Who establishes must be among the participants.
    CallerNotListed { msp_id: String } = 403 "governance.caller_not_listed" "The caller is not among the participants" "{msp_id} must be one of the participants it establishes";
    /// Two participants share an MSP, a GLN or a legal entity identifier.
    ParticipantTwice { msp_id: MspId } = 400 "governance.participant_twice" "A participant is named twice" "{msp_id} shares its MSP id, GLN or LEI with another participant";
    /// A GS1 company prefix begins another one.
    CompanyPrefixTaken { msp_id: MspId } = 400 "governance.company_prefix_taken" "A GS1 company prefix begins another one" "{msp_id} names a GS1 company prefix that begins or continues one named before";
    /// A participant has no role.
    NoRole { msp_id: MspId } = 400 "governance.no_role" "A participant has no role" "{msp_id} needs at least one role";
    /// A regulator cannot have another role.
    RegulatorWithOtherRole { msp_id: MspId } = 400 "governance.regulator_with_other_role" "A regulator has another role" "{msp_id} is a regulator and can have no other role";

    // Items.
    /// The document is no EPCIS 2.0 document.
    DocumentMalformed { rule: String } = 400 "item.document_malformed" "The EPCIS document cannot be read" "{rule}";
    /// The document holds an event type that is not captured.
    EventTypeNotSupported { event_type: &'static str } = 422 "item.event_type_not_supported" "This event type is not captured yet" "{event_type} is not captured; ObjectEvent and AggregationEvent are";
    /// The document holds no event.
    NoEvents = 400 "item.no_events" "The document holds no event" "the document holds no event";
    /// The document holds too many events.
    TooManyEvents { max: usize } = 413 "item.too_many_events" "The document holds too many events" "a document can hold at most {max} events";
    /// The document names too many items.
    TooManyItems { max: usize } = 413 "item.too_many_items" "The document names too many items" "a document can name items at most {max} times";
    /// The document names an item with an impossible identifier.
    ItemIdMalformed { rule: String } = 400 "item.id_malformed" "The item's identifier cannot be read" "{rule}";
    /// The check digit of an item's identifier is wrong.
    ItemCheckDigit { rule: String } = 400 "item.check_digit" "The check digit of an item's identifier is wrong" "{rule}";
    /// The event says it happens later than now.
    EventInFuture { event_hash: String } = 422 "item.event_in_future" "The event lies in the future" "{event_hash} has an event time after the transaction";
    /// The item is not known here.
    ItemUnknown { item_id: String } = 404 "item.unknown" "The item is not known" "{item_id} is not recorded here";
    /// Only the recorder of an event can declare it erroneous.
    EventOfAnother { event_hash: String } = 403 "item.event_of_another" "The event was recorded by somebody else" "{event_hash} can be declared erroneous only by the enterprise that recorded it";
    /// A unit would hold too many items.
    TooManyChildren { unit: String, max: usize } = 422 "item.too_many_children" "The unit would hold too many items" "{unit} can hold at most {max} items directly";
    /// A unit would hold itself or be nested too deeply.
    NestingTooDeep { unit: String, max: usize } = 422 "item.nesting_too_deep" "The unit would be nested too deeply" "{unit} would lie inside itself or more than {max} levels deep";
    /// The licence named for making the items does not permit it.
    LicenceDoesNotCoverMaking { licence_id: String, item_id: String } = 422 "item.licence_does_not_cover" "The licence does not cover the item" "{licence_id} does not permit the caller to make {item_id} now";
    /// There is no such alarm.
    AlarmUnknown { alarm_id: String } = 404 "item.alarm_unknown" "The alarm is not known" "there is no alarm {alarm_id}";
    /// The alarm was withdrawn or closed before.
    AlarmNotStanding { alarm_id: String } = 409 "item.alarm_not_standing" "The alarm stands no longer" "{alarm_id} was withdrawn or closed before";
    /// Nobody closes an alarm about its own conduct.
    AlarmAboutCaller { alarm_id: String } = 403 "item.alarm_about_caller" "The alarm is about the caller" "{alarm_id} can be closed only by an authority that it is not about";

    // Custody.
    /// The offer's id is taken.
    OfferExists { offer_id: String } = 409 "custody.offer_exists" "The offer's id is taken" "{offer_id} exists already";
    /// There is no such offer.
    OfferUnknown { offer_id: String } = 404 "custody.offer_unknown" "The offer is not known" "there is no offer {offer_id}";
    /// Somebody offers to himself.
    OfferToSelf = 400 "custody.offer_to_self" "An enterprise cannot hand over to itself" "sender and receiver are the same enterprise";
    /// The receiver is no enterprise that can hold goods.
    ReceiverNotEnrolled { msp_id: MspId } = 422 "custody.receiver_not_enrolled" "The receiver cannot hold goods" "{msp_id} is not enrolled or is a regulator";
    /// The sender does not hold the item.
    NotHolder { item_id: String, sender: MspId } = 403 "custody.not_holder" "The sender does not hold the item" "{item_id} is not held by {sender}";
    /// The item is out of use.
    ItemEnded { item_id: String } = 422 "custody.item_ended" "The item is out of use" "{item_id} was sold, decommissioned or destroyed";
    /// The item is packed in a unit, which has to be handed over instead.
    ItemInsideUnit { item_id: String, unit: String } = 422 "custody.item_inside_unit" "The item is packed in a unit" "{item_id} lies in {unit}; hand that over or unpack it first";
    /// The item is part of another open offer.
    ItemAlreadyOffered { item_id: String, offer_id: String } = 409 "custody.item_already_offered" "The item is offered already" "{item_id} is part of the open offer {offer_id}";
    /// The offer would expire before it is made.
    ExpiryInPast = 400 "custody.expiry_in_past" "The offer would have expired already" "expires_at must lie after the transaction";
    /// Only the receiver may answer the offer.
    NotReceiver { offer_id: String } = 403 "custody.not_receiver" "The offer was made to somebody else" "{offer_id} can be accepted or rejected only by the enterprise it was made to";
    /// Only the sender may withdraw the offer.
    NotSender { offer_id: String } = 403 "custody.not_sender" "The offer was made by somebody else" "{offer_id} can be withdrawn only by the enterprise that made it";
    /// The offer was accepted, rejected or withdrawn before.
    OfferClosed { offer_id: String } = 409 "custody.offer_closed" "The offer is closed" "{offer_id} was accepted, rejected or withdrawn before";
    /// The offer has expired.
    OfferExpired { offer_id: String } = 422 "custody.offer_expired" "The offer has expired" "{offer_id} can no longer be accepted";
    /// The seal found is not the seal offered.
    SealDiffers { offer_id: String } = 422 "custody.seal_differs" "The seal is not the one offered" "the seal of {offer_id} must be confirmed as it was offered, or the offer rejected";
    /// The handover would move too many items.
    HandoverTooLarge { max: usize } = 413 "custody.handover_too_large" "The handover moves too many items" "one handover can move at most {max} items, contents of units included";

    // Rights.
    /// The right is registered already.
    RightExists { right_id: String } = 409 "rights.right_exists" "The right is registered already" "{right_id} is registered";
    /// There is no such right.
    RightUnknown { right_id: String } = 404 "rights.right_unknown" "The right is not known" "there is no right {right_id}";
    /// The office or the number has the wrong form.
    RegistrationMalformed { field: &'static str } = 400 "rights.registration_malformed" "Office or number has the wrong form" "{field}: an office has two capitals (WIPO ST.3), a number 1 to 40 capitals, digits, dots or dashes";
    /// Nice classes belong to marks and run from 1 to 45.
    NiceClassInvalid = 400 "rights.nice_class_invalid" "Nice classes are wrong" "a mark has Nice classes from 1 to 45, each once; other rights have none";
    /// The licence's id is taken.
    LicenceExists { licence_id: String } = 409 "rights.licence_exists" "The licence's id is taken" "{licence_id} exists already";
    /// There is no such licence.
    LicenceUnknown { licence_id: String } = 404 "rights.licence_unknown" "The licence is not known" "there is no licence {licence_id}";
    /// Only the owner grants licences without a parent.
    NotOwner { right_id: String } = 403 "rights.not_owner" "The caller does not own the right" "only the owner of {right_id} can do this; a licensee names its own licence as parent";
    /// Only the licensee of the parent licence can sublicense it.
    NotLicensee { licence_id: String } = 403 "rights.not_licensee" "The caller is not the licensee" "only the licensee of {licence_id} can grant licences under it";
    /// The parent licence is for another right.
    ParentOfAnotherRight { licence_id: String } = 422 "rights.parent_of_another_right" "The parent licence is for another right" "{licence_id} is a licence for another right";
    /// The parent licence, or one above it, is revoked.
    ParentRevoked { licence_id: String } = 422 "rights.parent_revoked" "A licence above is revoked" "{licence_id} is revoked";
    /// The parent licence does not permit sub-licences.
    SublicensingNotPermitted { licence_id: String } = 403 "rights.sublicensing_not_permitted" "Sub-licences are not permitted" "{licence_id} does not permit sub-licences";
    /// The chain of licences would be too long.
    ChainTooLong { max: u32 } = 422 "rights.chain_too_long" "The chain of licences is too long" "a licence can be at most {max} steps away from the owner";
    /// The licence would permit more than what it is granted under.
    LicenceExceedsParent { scope: &'static str } = 422 "rights.licence_exceeds_parent" "The licence is wider than what it is granted under" "{scope} must lie within the parent licence and the right";
    /// Licensor and licensee are the same enterprise.
    LicenseeIsLicensor = 400 "rights.licensee_is_licensor" "Licensor and licensee are the same" "an enterprise cannot license to itself";
    /// The licensee is no enterprise that can use a licence.
    LicenseeNotEnrolled { msp_id: MspId } = 422 "rights.licensee_not_enrolled" "The licensee is not enrolled" "{msp_id} is not enrolled or is a regulator";
    /// Only licensor or owner can revoke.
    NotLicensor { licence_id: String } = 403 "rights.not_licensor" "The licence was granted by somebody else" "{licence_id} can be revoked only by its licensor or the owner of the right";
    /// The licence is revoked already.
    AlreadyRevoked { licence_id: String } = 409 "rights.already_revoked" "The licence is revoked already" "{licence_id} was revoked before";

    // Evidence.
    /// This original is deposited already; the first deposit stands.
    AlreadyDeposited { sha256: String } = 409 "evidence.already_deposited" "This original is deposited already" "{sha256} was deposited before; the first deposit stands";
    /// There is no such deposit.
    EvidenceUnknown { sha256: String } = 404 "evidence.unknown" "The evidence is not known" "{sha256} is not deposited";
    /// The capture lies in the future.
    CapturedInFuture = 422 "evidence.captured_in_future" "The capture lies in the future" "captured_at lies after the transaction";
    /// The media type has the wrong form.
    MediaTypeMalformed = 400 "evidence.media_type_malformed" "The media type has the wrong form" "media_type must be of the form type/subtype";
    /// Only the ledger itself writes evidence of alarms.
    AlarmEvidenceReserved = 400 "evidence.alarm_reserved" "Evidence of alarms is written by the ledger" "the kind alarm is reserved for what the ledger writes itself";
    /// What the evidence is about is not known here.
    SubjectUnknown { id: String } = 422 "evidence.subject_unknown" "The subject is not known" "{id} is not recorded here";

    // Customs.
    /// A tariff's versions follow one another.
    TariffVersionNotNext { expected: u32 } = 409 "customs.tariff_version_not_next" "The version is not the next one" "the next version of this tariff is {expected}";
    /// A tariff belongs to the authority and the country that published it first.
    TariffOfAnother { tariff_id: String } = 403 "customs.tariff_of_another" "The tariff belongs to another authority or country" "{tariff_id} was first published by another authority or for another country or currency";
    /// The versions of a tariff divide its days into too many parts.
    TariffCalendarFull { tariff_id: String, max: usize } = 422 "customs.tariff_calendar_full" "The tariff has too many versions" "the versions of {tariff_id} would divide its days into more than {max} parts; publish under another id";
    /// There is no such tariff or version.
    TariffUnknown { tariff_id: String } = 404 "customs.tariff_unknown" "The tariff is not known" "there is no such version of the tariff {tariff_id}";
    /// No version of the tariff applies on the day.
    NoTariffInForce { tariff_id: String } = 404 "customs.no_tariff_in_force" "No version applies on that day" "no version of {tariff_id} applies on that day";
    /// A band's bounds are not in order or out of range.
    BandInvalid { band_id: String } = 400 "customs.band_invalid" "A band is out of order" "{band_id}: bounds are whole minor units with minimum below maximum, below 2^48; the duty is at most 100000";
    /// An HS code or its beginning has the wrong form.
    HsCodeMalformed { field: &'static str } = 400 "customs.hs_code_malformed" "An HS code has the wrong form" "{field} must be an HS code of 6, 8 or 10 digits, or its beginning";
    /// The declaration's id is taken.
    DeclarationExists { declaration_id: String } = 409 "customs.declaration_exists" "The declaration's id is taken" "{declaration_id} exists already";
    /// There is no such declaration.
    DeclarationUnknown { declaration_id: String } = 404 "customs.declaration_unknown" "The declaration is not known" "there is no declaration {declaration_id}";
    /// The named version of the tariff is not the one in force.
    TariffNotInForce { tariff_id: String, in_force: u32 } = 422 "customs.tariff_not_in_force" "Another version of the tariff is in force" "version {in_force} of {tariff_id} applies today";
    /// The tariff has no such band.
    BandUnknown { band_id: String } = 422 "customs.band_unknown" "The tariff has no such band" "the tariff has no band {band_id}";
    /// The band is for other goods.
    BandForOtherGoods { band_id: String } = 422 "customs.band_for_other_goods" "The band is for other goods" "{band_id} does not cover the declared HS code";
    /// The destination is not the tariff's country.
    DestinationDiffers = 422 "customs.destination_differs" "The destination is not the tariff's country" "the declaration must be filed under a tariff of its destination";
    /// The currency is not the tariff's.
    DeclarationCurrencyDiffers = 422 "customs.currency_differs" "The currency is not the tariff's" "the value must be committed in the currency of the tariff";
    /// The unit has the wrong form.
    UnitMalformed = 400 "customs.unit_malformed" "The unit has the wrong form" "unit must be a UN/CEFACT Recommendation 20 code of 1 to 3 capitals and digits";
    /// A licence is named without the right it is for.
    LicenceWithoutRight = 400 "customs.licence_without_right" "A licence is named without its right" "licence_id needs right_id";
    /// The consignment holds too many items.
    ConsignmentTooLarge { max: usize } = 413 "customs.consignment_too_large" "The consignment holds too many items" "a consignment can hold at most {max} items, contents of units included";
    /// Only the authority of the tariff decides.
    NotTheAuthority { declaration_id: String } = 403 "customs.not_the_authority" "Another authority decides" "{declaration_id} is decided by the authority of its tariff";
    /// The declaration is decided for good.
    AlreadyDecided { declaration_id: String } = 409 "customs.already_decided" "The declaration is decided" "{declaration_id} was cleared or intercepted before";
    /// There is no such decision.
    DecisionUnknown { declaration_id: String } = 404 "customs.decision_unknown" "The decision is not known" "there is no such decision on {declaration_id}";

    // Payments.
    /// The invoice's id is taken.
    InvoiceExists { invoice_id: String } = 409 "payment.invoice_exists" "The invoice's id is taken" "{invoice_id} exists already";
    /// There is no such invoice.
    InvoiceUnknown { invoice_id: String } = 404 "payment.invoice_unknown" "The invoice is not known" "there is no invoice {invoice_id}";
    /// Buyer and seller are the same enterprise.
    BuyerIsSeller = 400 "payment.buyer_is_seller" "Buyer and seller are the same" "an enterprise cannot invoice itself";
    /// The other side is no enterprise that can pay or be paid.
    PartnerNotEnrolled { msp_id: MspId } = 422 "payment.partner_not_enrolled" "The other side is not enrolled" "{msp_id} is not enrolled or is a regulator";
    /// The invoice is due before it is issued.
    DueBeforeIssue = 400 "payment.due_before_issue" "The invoice is due before it is issued" "due_on must not lie before issued_on";
    /// The entry's id is taken.
    EntryExists { entry_id: String } = 409 "payment.entry_exists" "The entry's id is taken" "{entry_id} exists already";
    /// The bank has reported this entry before.
    EntryReportedBefore { entry_id: String } = 409 "payment.entry_reported_before" "The bank has reported this entry before" "the same bank reference and detail number stand in the entry {entry_id}";
    /// There is no such entry.
    EntryUnknown { entry_id: String } = 404 "payment.entry_unknown" "The entry is not known" "there is no entry {entry_id}";
    /// Only the seller settles its invoice.
    NotTheSeller { invoice_id: String } = 403 "payment.not_the_seller" "The invoice belongs to another seller" "{invoice_id} can be settled only by its seller";
    /// The entry is on somebody else's account.
    EntryOfAnother { entry_id: String } = 403 "payment.entry_of_another" "The entry is on another account" "{entry_id} is not on the seller's account";
    /// The entry is not money received.
    EntryNotCredit { entry_id: String } = 422 "payment.entry_not_credit" "The entry is not money received" "{entry_id} is a debit or a reversal";
    /// Invoice and entry are in different currencies.
    PaymentCurrencyDiffers = 422 "payment.currency_differs" "Invoice and payment differ in currency" "a payment settles only an invoice of its own currency";
    /// The entry quotes another creditor reference.
    ReferenceDiffers { entry_id: String } = 422 "payment.reference_differs" "The payment quotes another reference" "{entry_id} quotes a creditor reference that is not the invoice's";
    /// The tolerance is greater than the invoice allows.
    ToleranceExceedsInvoice { invoice_id: String } = 422 "payment.tolerance_exceeds_invoice" "The tolerance is too great" "the tolerance is greater than {invoice_id} allows";
    /// A difference is allowed without a reason, or a reason given for none.
    ToleranceWithoutReason = 400 "payment.tolerance_without_reason" "Tolerance and reason do not fit" "a tolerance above 0 needs a reason, a tolerance of 0 has none";
    /// The invoice is settled already.
    InvoiceSettled { invoice_id: String } = 409 "payment.invoice_settled" "The invoice is settled already" "{invoice_id} was settled before";
    /// The entry has settled another invoice.
    EntryUsed { entry_id: String } = 409 "payment.entry_used" "The payment was used before" "{entry_id} has settled another invoice";
    /// There is no settlement of that invoice.
    SettlementUnknown { invoice_id: String } = 404 "payment.settlement_unknown" "The invoice is not settled" "there is no settlement of {invoice_id}";
}

impl Rejection {
    /// The rejection for a field whose identifier breaks a rule of its standard.
    pub fn identifier(field: &'static str, rule: IdentifierError) -> Self {
        match rule {
            IdentifierError::CheckDigit { .. } => Self::CheckDigit { field, rule },
            IdentifierError::NotListed { .. } | IdentifierError::UnknownCountry { .. } => {
                Self::NotListed { field, rule }
            }
            _ => Self::IdentifierMalformed { field, rule },
        }
    }

    /// The field of the request that breaks the rule, when there is one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::IdMalformed { field }
            | Self::TextMalformed { field, .. }
            | Self::TooMany { field, .. }
            | Self::Empty { field }
            | Self::Duplicate { field }
            | Self::DigestMalformed { field }
            | Self::NumberMalformed { field }
            | Self::PeriodDisordered { field }
            | Self::IdentifierMalformed { field, .. }
            | Self::CheckDigit { field, .. }
            | Self::NotListed { field, .. }
            | Self::CommitmentMalformed { field }
            | Self::ProofMalformed { field }
            | Self::ProofOfAnother { field }
            | Self::ProofRejected { field }
            | Self::OpeningWrong { field }
            | Self::RegistrationMalformed { field }
            | Self::HsCodeMalformed { field } => Some(field),
            _ => None,
        }
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code(), self.detail())
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_unique_and_names_its_domain() {
        let unique: BTreeSet<_> = Rejection::CODES.iter().collect();
        assert_eq!(unique.len(), Rejection::CODES.len());
        for code in Rejection::CODES {
            let (domain, rule) = code.split_once('.').expect("a code has a domain");
            assert!(
                !domain.is_empty() && !rule.is_empty() && rule.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "{code}"
            );
        }
    }

    #[test]
    fn a_detail_states_the_facts() {
        let rejection = Rejection::RoleMissing { msp_id: "BankMSP".into(), role: Role::Customs };
        assert_eq!(rejection.to_string(), "caller.role_missing: BankMSP does not have the role customs");
        assert_eq!(rejection.status(), 403);
        assert_eq!(Rejection::Empty { field: "items" }.field(), Some("items"));
    }
}

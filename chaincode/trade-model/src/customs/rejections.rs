//! The rules of the contract `customs`.

use trade_standards::identifier::{CountryCode, Gtin};

use crate::common::{AlarmId, BandId, DeclarationId, HoldId, ItemId, Scoped};
use crate::customs::TariffName;
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `customs`.
    CustomsRejection;

    /// A tariff's versions follow one another.
    TariffVersionNotNext { expected: u32 } = 409, "customs.tariff_version_not_next", "The version is not the next one",
        "the next version of this tariff is {expected}";
    /// A tariff stays with the country, the procedure and the currency for which it was published first.
    TariffOfAnother { tariff_id: TariffName } = 403, "customs.tariff_of_another", "The tariff belongs to another country or procedure",
        "{tariff_id} was first published for another country, procedure or currency";
    /// Only the authority of a country publishes its tariffs, receives declarations and holds what is there.
    NotTheAuthorityOf { country: CountryCode } = 403, "customs.not_the_authority_of", "Another authority is responsible for the country",
        "the caller is not the customs authority of {country}";
    /// A country has one tariff for each procedure.
    SecondTariff { tariff_id: TariffName } = 409, "customs.second_tariff", "The country has a tariff for this procedure",
        "{tariff_id} is the country's tariff for this procedure; publish its next version";
    /// No member is the authority of the destination.
    NoAuthority { country: CountryCode } = 422, "customs.no_authority", "No authority is known for the destination",
        "no member of this channel is the customs authority of {country}";
    /// The destination has no tariff for the procedure.
    NoTariffForProcedure { country: CountryCode } = 422, "customs.no_tariff_for_procedure", "The destination has no tariff for the procedure",
        "{country} has published no tariff for this procedure";
    /// Which tariff applies is found from destination and procedure.
    TariffNotOfDestination { applies: TariffName } = 422, "customs.tariff_not_of_destination", "Another tariff applies",
        "{applies} is the tariff of the destination for this procedure";
    /// The versions of a tariff divide its days into too many parts.
    TariffCalendarFull { tariff_id: TariffName, max: usize } = 422, "customs.tariff_calendar_full", "The tariff has too many versions",
        "the versions of {tariff_id} would divide its days into more than {max} parts; a version for more days joins them";
    /// There is no such tariff or version.
    TariffUnknown { tariff_id: TariffName } = 404, "customs.tariff_unknown", "The tariff is not known",
        "there is no such version of the tariff {tariff_id}";
    /// No version of the tariff applies on the day.
    NoTariffInForce { tariff_id: TariffName } = 404, "customs.no_tariff_in_force", "No version applies on that day",
        "no version of {tariff_id} applies on that day";
    /// A band's bounds are not in order or out of range.
    BandInvalid { band_id: BandId } = 400, "customs.band_invalid", "A band is out of order",
        "{band_id}: bounds are whole minor units with minimum below maximum, below 2^48; the duty is at most 100000";
    /// A band would all but tell the value.
    BandTooNarrow { band_id: BandId } = 400, "customs.band_too_narrow", "A band is too narrow",
        "{band_id} must be at least 100 minor units wide, and at least a tenth of its greatest value";
    /// Two bands for the same goods share values, so that a value could be proved to lie in both.
    BandsOverlap { band_id: BandId, other: BandId } = 400, "customs.bands_overlap", "Two bands overlap",
        "{band_id} and {other} are for the same goods and share values";
    /// The maker's own company prefix must begin the number of a trade item that it classifies.
    ProductOfAnother { gtin: Gtin } = 403, "customs.product_of_another", "The trade item is another member's",
        "{gtin} does not begin with a GS1 company prefix of the caller";
    /// No maker has stated the HS code of the trade item.
    ClassificationUnknown { gtin: Gtin } = 404, "customs.classification_unknown", "No HS code is stated for the trade item",
        "no maker has stated the HS code of {gtin}";
    /// The declaration's id is taken.
    DeclarationExists { declaration_id: Scoped<DeclarationId> } = 409, "customs.declaration_exists", "The declaration's id is taken",
        "{declaration_id} exists already";
    /// There is no such declaration.
    DeclarationUnknown { declaration_id: Scoped<DeclarationId> } = 404, "customs.declaration_unknown", "The declaration is not known",
        "there is no declaration {declaration_id}";
    /// The named version of the tariff is not the one in force.
    TariffNotInForce { tariff_id: TariffName, in_force: u32 } = 422, "customs.tariff_not_in_force", "Another version of the tariff is in force",
        "version {in_force} of {tariff_id} applies today";
    /// The tariff has no such band.
    BandUnknown { band_id: BandId } = 422, "customs.band_unknown", "The tariff has no such band",
        "the tariff has no band {band_id}";
    /// The band is for other goods.
    BandForOtherGoods { band_id: BandId } = 422, "customs.band_for_other_goods", "The band is for other goods",
        "{band_id} does not cover the declared HS code";
    /// The currency is not the tariff's.
    DeclarationCurrencyDiffers = 422, "customs.currency_differs", "The currency is not the tariff's",
        "the value must be committed in the currency of the tariff";
    /// A licence is named without the right it is for.
    LicenceWithoutRight = 400, "customs.licence_without_right", "A licence is named without its right",
        "licence_id needs right_id";
    /// The consignment holds too many items.
    ConsignmentTooLarge { max: usize } = 413, "customs.consignment_too_large", "The consignment holds too many items",
        "a consignment can hold at most {max} items, contents of units included";
    /// The consignment holds too many trade items.
    TooManyProducts { max: usize } = 413, "customs.too_many_products", "The consignment holds too many trade items",
        "the things of a consignment can be of at most {max} trade items: each is compared with rights and codes";
    /// An alarm that an officer weighs must stand, and be about the goods.
    AlarmNotOfGoods { alarm_id: AlarmId } = 409, "customs.alarm_not_of_goods", "The alarm is not about the goods",
        "alarm {alarm_id} does not stand, or is about none of the things of the declaration";
    /// Only the importer opens its declared value.
    NotTheImporter { declaration_id: Scoped<DeclarationId> } = 403, "customs.not_the_importer", "The declaration is another importer's",
        "only the importer of {declaration_id} can do this";
    /// The authority does not hold the opening of the declared value.
    ValueNotOpened { declaration_id: Scoped<DeclarationId> } = 409, "customs.value_not_opened", "The value is not opened to the authority",
        "the importer of {declaration_id} has not shared the opening of its value";
    /// Only the authority of the destination decides.
    NotTheAuthority { declaration_id: Scoped<DeclarationId> } = 403, "customs.not_the_authority", "Another authority decides",
        "{declaration_id} is decided by the authority of its destination";
    /// The declaration is decided for good.
    AlreadyDecided { declaration_id: Scoped<DeclarationId> } = 409, "customs.already_decided", "The declaration is decided",
        "{declaration_id} was cleared or withdrawn before";
    /// A member does not decide about its own imports.
    OwnAuthority { country: CountryCode } = 403, "customs.own_authority", "An authority does not declare to itself",
        "the caller is the customs authority of {country}; another member declares what it imports there";
    /// Another declaration of a thing for the same destination waits for a decision, or is intercepted.
    DeclaredBefore { item_id: ItemId, declaration_id: Scoped<DeclarationId> } = 409, "customs.declared_before", "Another declaration has the goods",
        "{declaration_id} declares {item_id} for the same destination and is neither decided nor withdrawn";
    /// The authority has begun to examine the declaration.
    ExaminationBegun { declaration_id: Scoped<DeclarationId> } = 409, "customs.examination_begun", "The authority examines the declaration",
        "{declaration_id} can be withdrawn before the authority has done anything about it only";
    /// Nothing more can be done about the declaration.
    ActsFull { declaration_id: Scoped<DeclarationId>, max: u32 } = 409, "customs.acts_full", "Too much was done about the declaration",
        "{declaration_id} can have at most {max} acts";
    /// No such document was asked for.
    DocumentNotRequested { declaration_id: Scoped<DeclarationId> } = 404, "customs.document_not_requested", "The document was not asked for",
        "no such document was asked for about {declaration_id}";
    /// The document was provided before.
    DocumentProvided { declaration_id: Scoped<DeclarationId> } = 409, "customs.document_provided", "The document was provided before",
        "this document was provided for {declaration_id} before";
    /// There is no decision that can be appealed against.
    NothingToAppeal { declaration_id: Scoped<DeclarationId> } = 409, "customs.nothing_to_appeal", "There is no decision to appeal against",
        "the last decision on {declaration_id} asks for documents, intercepts or refuses nothing, or was appealed against";
    /// An authority holds the goods.
    ItemHeld { item_id: ItemId, hold_id: HoldId } = 409, "customs.item_held", "An authority holds the goods",
        "{item_id} is held by a customs authority, see {hold_id}";
    /// The authority holds the thing already.
    AlreadyHeld { item_id: ItemId, hold_id: HoldId } = 409, "customs.already_held", "The authority holds it already",
        "{item_id} is held or to be held by the caller, see {hold_id}";
    /// The thing is neither declared to the country nor located in it.
    NotInPlace { item_id: ItemId, country: CountryCode } = 403, "customs.not_in_place", "The thing is not in the authority's place",
        "{item_id} is neither declared for {country} nor recorded as located there";
    /// One officer alone holds for a bounded time.
    HoldTooLong { days: u32 } = 422, "customs.hold_too_long", "The hold is too long for one officer",
        "one officer can hold for at most {days} days from now on; confirm it with a second one";
    /// There is no such hold.
    HoldUnknown { hold_id: HoldId } = 404, "customs.hold_unknown", "The hold is not known",
        "there is no hold {hold_id}";
    /// The hold may have been made up by others.
    HoldUnauthenticated { hold_id: HoldId } = 409, "customs.hold_unauthenticated", "The hold is not authenticated",
        "{hold_id} was placed or changed without the peer of its authority";
    /// Only the authority that placed it, or the country's authority of today, changes a hold.
    NotTheHolder { hold_id: HoldId } = 403, "customs.not_the_holder", "Another authority holds it",
        "{hold_id} was placed by another authority";
    /// The hold does not bind any more, or it is what it would become.
    HoldNotInForce { hold_id: HoldId } = 409, "customs.hold_not_in_force", "The hold is not in force",
        "{hold_id} has ended, or is in this state already";
    /// The hold follows the declaration whose interception placed it.
    HoldOfDeclaration { declaration_id: Scoped<DeclarationId> } = 409, "customs.hold_of_declaration", "The hold follows a declaration",
        "the hold ends when {declaration_id} is cleared; it can be lifted only once that is refused";
    /// No such step waits for a second person.
    NoStepWaits { hold_id: HoldId } = 409, "customs.no_step_waits", "No such step waits for an approval",
        "of {hold_id}, only the last step can be approved, as long as it waits for a second person";
    /// The declaration or its last decision may have been made by others.
    DeclarationUnauthenticated { declaration_id: Scoped<DeclarationId> } = 409, "customs.declaration_unauthenticated", "The declaration is not authenticated",
        "{declaration_id} was filed or decided without the peer of the organization it speaks for";
    /// A tariff counts when the authority of the destination has published it.
    TariffUnauthenticated { tariff_id: TariffName } = 409, "customs.tariff_unauthenticated", "The tariff is not authenticated",
        "tariff {tariff_id} was not published by the authority of the destination, or not for this procedure";
    /// Nothing, or another decision, waits for a second person.
    NothingToApprove { declaration_id: Scoped<DeclarationId> } = 409, "customs.nothing_to_approve", "No such decision waits for an approval",
        "of {declaration_id}, only the last decision can be approved, when it proposes a clearance or is graver than the rules";
    /// What the decision rests on is not what it was.
    FactsChanged { declaration_id: Scoped<DeclarationId> } = 409, "customs.facts_changed", "The facts have changed since",
        "what the decision on {declaration_id} rests on has changed; it has to be assessed again";
    /// There is no such approval.
    ApprovalUnknown { declaration_id: Scoped<DeclarationId> } = 404, "customs.approval_unknown", "The approval is not known",
        "no such decision on {declaration_id} was approved";
    /// There is no such decision.
    DecisionUnknown { declaration_id: Scoped<DeclarationId> } = 404, "customs.decision_unknown", "The decision is not known",
        "there is no such decision on {declaration_id}";
}

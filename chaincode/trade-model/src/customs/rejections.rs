//! The rules of the contract `customs`.

use crate::common::{BandId, DeclarationId, TariffId};
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `customs`.
    CustomsRejection;

    /// A tariff's versions follow one another.
    TariffVersionNotNext { expected: u32 } = 409, "customs.tariff_version_not_next", "The version is not the next one",
        "the next version of this tariff is {expected}";
    /// A tariff belongs to the authority and the country that published it first.
    TariffOfAnother { tariff_id: TariffId } = 403, "customs.tariff_of_another", "The tariff belongs to another authority or country",
        "{tariff_id} was first published by another authority or for another country or currency";
    /// The versions of a tariff divide its days into too many parts.
    TariffCalendarFull { tariff_id: TariffId, max: usize } = 422, "customs.tariff_calendar_full", "The tariff has too many versions",
        "the versions of {tariff_id} would divide its days into more than {max} parts; publish under another id";
    /// There is no such tariff or version.
    TariffUnknown { tariff_id: TariffId } = 404, "customs.tariff_unknown", "The tariff is not known",
        "there is no such version of the tariff {tariff_id}";
    /// No version of the tariff applies on the day.
    NoTariffInForce { tariff_id: TariffId } = 404, "customs.no_tariff_in_force", "No version applies on that day",
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
    /// The declaration's id is taken.
    DeclarationExists { declaration_id: DeclarationId } = 409, "customs.declaration_exists", "The declaration's id is taken",
        "{declaration_id} exists already";
    /// There is no such declaration.
    DeclarationUnknown { declaration_id: DeclarationId } = 404, "customs.declaration_unknown", "The declaration is not known",
        "there is no declaration {declaration_id}";
    /// The named version of the tariff is not the one in force.
    TariffNotInForce { tariff_id: TariffId, in_force: u32 } = 422, "customs.tariff_not_in_force", "Another version of the tariff is in force",
        "version {in_force} of {tariff_id} applies today";
    /// The tariff has no such band.
    BandUnknown { band_id: BandId } = 422, "customs.band_unknown", "The tariff has no such band",
        "the tariff has no band {band_id}";
    /// The band is for other goods.
    BandForOtherGoods { band_id: BandId } = 422, "customs.band_for_other_goods", "The band is for other goods",
        "{band_id} does not cover the declared HS code";
    /// The destination is not the tariff's country.
    DestinationDiffers = 422, "customs.destination_differs", "The destination is not the tariff's country",
        "the declaration must be filed under a tariff of its destination";
    /// The currency is not the tariff's.
    DeclarationCurrencyDiffers = 422, "customs.currency_differs", "The currency is not the tariff's",
        "the value must be committed in the currency of the tariff";
    /// A licence is named without the right it is for.
    LicenceWithoutRight = 400, "customs.licence_without_right", "A licence is named without its right",
        "licence_id needs right_id";
    /// The consignment holds too many items.
    ConsignmentTooLarge { max: usize } = 413, "customs.consignment_too_large", "The consignment holds too many items",
        "a consignment can hold at most {max} items, contents of units included";
    /// Only the importer opens its declared value.
    NotTheImporter { declaration_id: DeclarationId } = 403, "customs.not_the_importer", "The declaration is another importer's",
        "only the importer of {declaration_id} can do this";
    /// The authority does not hold the opening of the declared value.
    ValueNotOpened { declaration_id: DeclarationId } = 409, "customs.value_not_opened", "The value is not opened to the authority",
        "the importer of {declaration_id} has not shared the opening of its value";
    /// Only the authority of the tariff decides.
    NotTheAuthority { declaration_id: DeclarationId } = 403, "customs.not_the_authority", "Another authority decides",
        "{declaration_id} is decided by the authority of its tariff";
    /// The declaration is decided for good.
    AlreadyDecided { declaration_id: DeclarationId } = 409, "customs.already_decided", "The declaration is decided",
        "{declaration_id} was cleared or intercepted before";
    /// The declaration or its last decision may have been made by others.
    DeclarationUnauthenticated { declaration_id: DeclarationId } = 409, "customs.declaration_unauthenticated", "The declaration is not authenticated",
        "{declaration_id} was filed or decided without the peer of the organization it speaks for";
    /// Nothing, or another decision, waits for a second person.
    NothingToApprove { declaration_id: DeclarationId } = 409, "customs.nothing_to_approve", "No such decision waits for an approval",
        "of {declaration_id}, only the last decision can be approved, as long as it proposes a clearance";
    /// What the decision rests on is not what it was.
    FactsChanged { declaration_id: DeclarationId } = 409, "customs.facts_changed", "The facts have changed since",
        "what the decision on {declaration_id} rests on has changed; it has to be assessed again";
    /// There is no such approval.
    ApprovalUnknown { declaration_id: DeclarationId } = 404, "customs.approval_unknown", "The approval is not known",
        "no such decision on {declaration_id} was approved";
    /// There is no such decision.
    DecisionUnknown { declaration_id: DeclarationId } = 404, "customs.decision_unknown", "The decision is not known",
        "there is no such decision on {declaration_id}";
}

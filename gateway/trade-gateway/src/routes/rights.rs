//! Rights and licences.

use trade_model::rights::{
    AcceptLicence, AcceptProducts, AcceptRight, AnswerOpposition, AssignProducts, AttestRight, CheckLicence,
    DecideOpposition, EndAssignment, EndLicence, EndRight, FindRights, GrantLicence, OfferRight, OpposeRight,
    ReadLicence, ReadLicenceOffers, ReadLicences, ReadRight, RefuseLicence, RefuseProducts, RefuseRight, RegisterRight,
    RenewRight, RevokeLicence, WithdrawAttestation, WithdrawOpposition, WithdrawRightOffer,
};

use super::build::{PAGE, TEXT, id, party, partys_id, query, read, required, write};
use super::{Parameter, Route};

const CLAIMANT: Parameter = party("right_id", "MSP id of who registered it here, or `-` for the caller");
const RIGHT_ID: Parameter = partys_id("right_id", "<office>-<kind>-<number>");
/// A right, in a path.
const RIGHT: &[Parameter] = &[CLAIMANT, RIGHT_ID];
/// A licence, in a path.
const LICENCE: &[Parameter] = &[
    party("licence_id", "MSP id of its licensor, or `-` for the caller"),
    partys_id("licence_id", "Id of the licence"),
];

pub(super) static ROUTES: &[Route] = &[
    write::<RegisterRight>("registerRight", "/v1/rights", "Registers a right by its owner's word", &[], 201),
    read::<FindRights>(
        "findRights",
        "/v1/products/{id}/rights",
        "Which rights protect a product, there and then",
        &[
            id("id", "product", "The trade item: GTIN"),
            required("territory", "Where: ISO 3166-1 alpha-2 code"),
            query("at", TEXT, "When, in ledger time; now when absent"),
        ],
    ),
    read::<ReadRight>("readRight", "/v1/rights/{party}/{id}", "One right, and what it counts for", RIGHT),
    write::<RenewRight>("renewRight", "/v1/rights/{party}/{id}/renewal", "States that a right was renewed", RIGHT, 200),
    write::<AttestRight>(
        "attestRight",
        "/v1/rights/{party}/{id}/attestation",
        "Confirms that the office's register says what the owner states",
        RIGHT,
        201,
    ),
    write::<WithdrawAttestation>(
        "withdrawAttestation",
        "/v1/rights/{party}/{id}/attestation/withdrawal",
        "Takes the caller's attestation back",
        RIGHT,
        200,
    ),
    write::<EndRight>("endRight", "/v1/rights/{party}/{id}/end", "Surrenders or cancels a right", RIGHT, 200),
    write::<OpposeRight>("opposeRight", "/v1/rights/{party}/{id}/opposition", "Opposes a right", RIGHT, 201),
    write::<WithdrawOpposition>(
        "withdrawOpposition",
        "/v1/rights/{party}/{id}/opposition/withdrawal",
        "Takes the caller's opposition back",
        RIGHT,
        200,
    ),
    write::<AnswerOpposition>(
        "answerOpposition",
        "/v1/rights/{party}/{id}/opposition/{opponent}/answer",
        "Answers an opposition",
        &[CLAIMANT, RIGHT_ID, id("opponent", "opponent", "MSP id of the opponent")],
        201,
    ),
    write::<DecideOpposition>(
        "decideOpposition",
        "/v1/rights/{party}/{id}/opposition/{opponent}/decision",
        "Decides an opposition",
        &[CLAIMANT, RIGHT_ID, id("opponent", "opponent", "MSP id of the opponent")],
        201,
    ),
    write::<OfferRight>("offerRight", "/v1/rights/{party}/{id}/offer", "Offers a right to a member", RIGHT, 201),
    write::<AcceptRight>("acceptRight", "/v1/rights/{party}/{id}/offer/accept", "Takes over a right", RIGHT, 200),
    write::<RefuseRight>("refuseRight", "/v1/rights/{party}/{id}/offer/refuse", "Refuses a right", RIGHT, 200),
    write::<WithdrawRightOffer>(
        "withdrawRightOffer",
        "/v1/rights/{party}/{id}/offer/withdraw",
        "Takes back the offer of a right",
        RIGHT,
        200,
    ),
    read::<CheckLicence>(
        "checkRight",
        "/v1/rights/{party}/{id}/check",
        "Whether a member may do something with a product, there and then",
        &[
            CLAIMANT,
            RIGHT_ID,
            Parameter { name: "by", ..required("party", "Who acts: MSP id") },
            required("act", "make, import, export or sell"),
            required("product", "The trade item: GTIN"),
            required("territory", "Where: ISO 3166-1 alpha-2 code"),
            query("channel", TEXT, "online, retail or wholesale"),
            query("on", TEXT, "On which day, YYYY-MM-DD; now when absent"),
            query("at", TEXT, "At which moment, in ledger time"),
        ],
    ),
    write::<AssignProducts>(
        "assignProducts",
        "/v1/product-assignments",
        "Lets another member's rights cover products of the caller",
        &[],
        201,
    ),
    write::<AcceptProducts>(
        "acceptProducts",
        "/v1/product-assignments/{from}/accept",
        "Accepts products of another company for the caller's rights",
        &[id("from", "from", "MSP id of the company that owns the prefix")],
        200,
    ),
    write::<RefuseProducts>(
        "refuseProducts",
        "/v1/product-assignments/{from}/refuse",
        "Refuses or gives back products of another company",
        &[id("from", "from", "MSP id of the company that owns the prefix")],
        200,
    ),
    write::<EndAssignment>(
        "endAssignment",
        "/v1/product-assignments/{to}/end",
        "Ends what the caller assigned",
        &[id("to", "to", "MSP id of the member whose rights cover the products")],
        200,
    ),
    write::<GrantLicence>("grantLicence", "/v1/licences", "Grants a licence or a sub-licence", &[], 201),
    read::<ReadLicences>(
        "readLicences",
        "/v1/members/{id}/licences",
        "The licences that a member has accepted, the newest first",
        &[
            id("id", "licensee", "MSP id of the member"),
            query("right_id", TEXT, "Only those under this right"),
            query("limit", PAGE, "How many to answer"),
            query("after", TEXT, "The `next` of the page before"),
        ],
    ),
    read::<ReadLicenceOffers>(
        "readLicenceOffers",
        "/v1/licence-offers",
        "The licences that a member was granted and has not replied to",
        &[
            required("licensee", "MSP id of the member"),
            query("licensor", TEXT, "Only those of this licensor"),
            query("limit", PAGE, "How many to answer"),
            query("after", TEXT, "The `next` of the page before"),
        ],
    ),
    read::<ReadLicence>("readLicence", "/v1/licences/{party}/{id}", "One licence, and where it stands", LICENCE),
    write::<AcceptLicence>("acceptLicence", "/v1/licences/{party}/{id}/accept", "Accepts a licence", LICENCE, 200),
    write::<RefuseLicence>("refuseLicence", "/v1/licences/{party}/{id}/refuse", "Refuses a licence", LICENCE, 200),
    write::<RevokeLicence>(
        "revokeLicence",
        "/v1/licences/{party}/{id}/revocation",
        "Ends a licence from now on, or withdraws it before it is accepted",
        LICENCE,
        200,
    ),
    write::<EndLicence>(
        "endLicence",
        "/v1/licences/{party}/{id}/end",
        "Gives the caller's licence up, from now on",
        LICENCE,
        200,
    ),
];

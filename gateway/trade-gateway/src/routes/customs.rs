//! Tariffs, declarations, decisions and holds.

use trade_model::customs::{
    Appeal, ApproveDecision, ApproveHold, Assess, ClassifyProduct, ConfirmHold, Decide, FileDeclaration, Inspect,
    LiftHold, PlaceHold, ProvideDocument, PublishTariff, ReadActs, ReadApproval, ReadClassification, ReadDecision,
    ReadDeclaration, ReadHold, ReadTariff, ReadValueOpening, Replay, RequestDocuments, Seize, ShareValueOpening,
    WithdrawDeclaration,
};

use super::Route;
use super::build::{NUMBER, TEXT, id, party, partys_id, query, read, write};

const IMPORTER: &str = "MSP id of the importer, or `-` for the caller";
const DECLARATION: &str = "Id of the declaration";

pub(super) static ROUTES: &[Route] = &[
    write::<PublishTariff>("publishTariff", "/v1/tariffs", "Publishes a version of a tariff and its rules", &[], 201),
    read::<ReadTariff>(
        "readTariff",
        "/v1/tariffs/{party}/{id}",
        "A version of a tariff: one by number, the one of a day, or the newest",
        &[
            party("tariff_id", "MSP id of the authority, or `-` for the caller"),
            partys_id("tariff_id", "Id of the tariff"),
            query("version", NUMBER, "Exactly this version"),
            query("on", TEXT, "The version that applies on this day, YYYY-MM-DD"),
        ],
    ),
    write::<ClassifyProduct>(
        "classifyProduct",
        "/v1/products/{id}/classification",
        "States the HS code of a trade item, as the member whose company prefix it has",
        &[id("id", "gtin", "GTIN of 14 digits")],
        201,
    ),
    read::<ReadClassification>(
        "readClassification",
        "/v1/products/{id}/classification",
        "The HS code that the maker of a trade item states",
        &[id("id", "gtin", "GTIN of 14 digits")],
    ),
    write::<FileDeclaration>(
        "fileDeclaration",
        "/v1/declarations",
        "Files a declaration whose value is only committed",
        &[],
        201,
    ),
    write::<ShareValueOpening>(
        "shareValueOpening",
        "/v1/declarations/{party}/{id}/opening",
        "Gives the authority what opens the declared value",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
        201,
    ),
    read::<ReadValueOpening>(
        "readValueOpening",
        "/v1/declarations/{party}/{id}/opening",
        "What opens the declared value, for importer and authority",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
    ),
    read::<ReadDeclaration>(
        "readDeclaration",
        "/v1/declarations/{party}/{id}",
        "One declaration",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
    ),
    write::<WithdrawDeclaration>(
        "withdrawDeclaration",
        "/v1/declarations/{party}/{id}/withdraw",
        "Takes a declaration back, before the authority has done anything about it",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
        201,
    ),
    write::<RequestDocuments>(
        "requestDocuments",
        "/v1/declarations/{party}/{id}/document-requests",
        "Asks the importer for documents",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
        201,
    ),
    write::<ProvideDocument>(
        "provideDocument",
        "/v1/declarations/{party}/{id}/documents",
        "Provides a document that was asked for, by its digest",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
        201,
    ),
    write::<Inspect>(
        "inspectGoods",
        "/v1/declarations/{party}/{id}/inspections",
        "Records what an officer found when it looked at the goods",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
        201,
    ),
    write::<Appeal>(
        "appealDecision",
        "/v1/declarations/{party}/{id}/appeals",
        "Asks for another decision",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
        201,
    ),
    read::<ReadActs>(
        "readDeclarationActs",
        "/v1/declarations/{party}/{id}/acts",
        "Everything that was done about a declaration, oldest first",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
    ),
    write::<Assess>(
        "assessDeclaration",
        "/v1/declarations/{party}/{id}/assessment",
        "Decides by the rules in force on the day of acceptance",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
        201,
    ),
    write::<Decide>(
        "decideDeclaration",
        "/v1/declarations/{party}/{id}/decision",
        "Decides as an officer sees fit, with a reason, beside what the rules propose",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
        201,
    ),
    write::<ApproveDecision>(
        "approveDecision",
        "/v1/declarations/{party}/{id}/decision/approve",
        "Approves, as a second person, a decision to clear or one that is graver than the rules propose",
        &[party("declaration_id", IMPORTER), partys_id("declaration_id", DECLARATION)],
        201,
    ),
    read::<ReadApproval>(
        "readApproval",
        "/v1/declarations/{party}/{id}/decision/approval",
        "A second person's approval of a decision",
        &[
            party("declaration_id", IMPORTER),
            partys_id("declaration_id", DECLARATION),
            query("number", NUMBER, "Which decision's, from 1; the last one's when absent"),
        ],
    ),
    read::<ReadDecision>(
        "readDecision",
        "/v1/declarations/{party}/{id}/decision",
        "A decision with all it rests on",
        &[
            party("declaration_id", IMPORTER),
            partys_id("declaration_id", DECLARATION),
            query("number", NUMBER, "Which decision, from 1; the last one when absent"),
        ],
    ),
    read::<Replay>(
        "replayDecision",
        "/v1/declarations/{party}/{id}/replay",
        "Decides again from the stored facts",
        &[
            party("declaration_id", IMPORTER),
            partys_id("declaration_id", DECLARATION),
            query("number", NUMBER, "Which decision, from 1; the last one when absent"),
            query("on", TEXT, "As if accepted on this day, YYYY-MM-DD"),
            query("tariff_version", NUMBER, "With this version of the tariff"),
        ],
    ),
    write::<PlaceHold>("placeHold", "/v1/holds", "Holds goods where they are", &[], 201),
    write::<ConfirmHold>(
        "confirmHold",
        "/v1/holds/{id}/confirm",
        "Proposes that a hold stands until it is lifted",
        &[id("id", "hold_id", "Id of the hold")],
        201,
    ),
    write::<Seize>(
        "seizeGoods",
        "/v1/holds/{id}/seize",
        "Proposes that the authority takes what it holds into its custody",
        &[id("id", "hold_id", "Id of the hold")],
        201,
    ),
    write::<LiftHold>(
        "liftHold",
        "/v1/holds/{id}/lift",
        "Ends a hold, or proposes it where two persons stand behind the hold",
        &[id("id", "hold_id", "Id of the hold")],
        201,
    ),
    write::<ApproveHold>(
        "approveHold",
        "/v1/holds/{id}/approve",
        "Approves, as a second person, what waits for it",
        &[id("id", "hold_id", "Id of the hold")],
        201,
    ),
    read::<ReadHold>("readHold", "/v1/holds/{id}", "One hold with its steps", &[id("id", "hold_id", "Id of the hold")]),
];

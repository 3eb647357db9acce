//! Tariffs, declarations and decisions.

use trade_model::customs::{
    ApproveDecision, Assess, FileDeclaration, PublishTariff, ReadApproval, ReadDecision, ReadDeclaration, ReadTariff,
    ReadValueOpening, Replay, ShareValueOpening,
};

use super::Route;
use super::build::{NUMBER, TEXT, id, query, read, write};

pub(super) static ROUTES: &[Route] = &[
    write::<PublishTariff>("publishTariff", "/v1/tariffs", "Publishes a version of a tariff and its rules", &[], 201),
    read::<ReadTariff>(
        "readTariff",
        "/v1/tariffs/{id}",
        "A version of a tariff: one by number, the one of a day, or the newest",
        &[
            id("id", "tariff_id", "Id of the tariff"),
            query("version", NUMBER, "Exactly this version"),
            query("on", TEXT, "The version that applies on this day, YYYY-MM-DD"),
        ],
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
        "/v1/declarations/{id}/opening",
        "Gives the authority what opens the declared value",
        &[id("id", "declaration_id", "Id of the declaration")],
        201,
    ),
    read::<ReadValueOpening>(
        "readValueOpening",
        "/v1/declarations/{id}/opening",
        "What opens the declared value, for importer and authority",
        &[id("id", "declaration_id", "Id of the declaration")],
    ),
    read::<ReadDeclaration>(
        "readDeclaration",
        "/v1/declarations/{id}",
        "One declaration",
        &[id("id", "declaration_id", "Id of the declaration")],
    ),
    write::<Assess>(
        "assessDeclaration",
        "/v1/declarations/{id}/assessment",
        "Decides by the rules in force on the day of acceptance",
        &[id("id", "declaration_id", "Id of the declaration")],
        201,
    ),
    write::<ApproveDecision>(
        "approveDecision",
        "/v1/declarations/{id}/decision/approve",
        "Approves a decision to clear, as a second person, which releases the goods",
        &[id("id", "declaration_id", "Id of the declaration")],
        201,
    ),
    read::<ReadApproval>(
        "readApproval",
        "/v1/declarations/{id}/decision/approval",
        "A second person's approval of a decision",
        &[
            id("id", "declaration_id", "Id of the declaration"),
            query("number", NUMBER, "Which decision's, from 1; the last one's when absent"),
        ],
    ),
    read::<ReadDecision>(
        "readDecision",
        "/v1/declarations/{id}/decision",
        "A decision with all it rests on",
        &[
            id("id", "declaration_id", "Id of the declaration"),
            query("number", NUMBER, "Which decision, from 1; the last one when absent"),
        ],
    ),
    read::<Replay>(
        "replayDecision",
        "/v1/declarations/{id}/replay",
        "Decides again from the stored facts",
        &[
            id("id", "declaration_id", "Id of the declaration"),
            query("number", NUMBER, "Which decision, from 1; the last one when absent"),
            query("on", TEXT, "As if accepted on this day, YYYY-MM-DD"),
            query("tariff_version", NUMBER, "With this version of the tariff"),
        ],
    ),
];

//! The members of the channel.

use trade_model::governance::{ConfirmFounding, ProposeFounding, ReadFounding, ReadFoundings, ReadMembers, ReadRules};

use super::build::{PAGE, TEXT, id, query, read, write};
use super::{Parameter, Route};

const PROPOSER: Parameter = id("proposer", "proposer", "MSP id of the organization that proposed the list");
const LIST: Parameter = id("list", "list_sha256", "Digest of the list");

pub(super) static ROUTES: &[Route] = &[
    write::<ProposeFounding>(
        "proposeFounding",
        "/v1/foundings",
        "Proposes a list of members, which binds nobody before all have confirmed it",
        &[],
        201,
    ),
    read::<ReadFoundings>(
        "readFoundings",
        "/v1/foundings",
        "The lists of members that were proposed",
        &[query("limit", PAGE, "How many to answer"), query("after", TEXT, "The `next` of the page before")],
    ),
    read::<ReadFounding>(
        "readFounding",
        "/v1/foundings/{proposer}/{list}",
        "A list of members, and who has confirmed it",
        &[PROPOSER, LIST],
    ),
    write::<ConfirmFounding>(
        "confirmFounding",
        "/v1/foundings/{proposer}/{list}/confirm",
        "Confirms a list of members, which is in force with the last confirmation",
        &[PROPOSER, LIST],
        200,
    ),
    read::<ReadMembers>("readMembers", "/v1/members", "The members of the channel", &[]),
    read::<ReadRules>("readRules", "/v1/rules", "The windows, bounds and tables that the contracts use", &[]),
];

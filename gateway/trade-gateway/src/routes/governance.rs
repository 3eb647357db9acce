//! The members of the channel.

use trade_model::governance::{Establish, ReadMembers, ReadRules};

use super::Route;
use super::build::{read, write};

pub(super) static ROUTES: &[Route] = &[
    write::<Establish>("establish", "/v1/members", "Names the members of the channel, once", &[], 201),
    read::<ReadMembers>("readMembers", "/v1/members", "The members of the channel", &[]),
    read::<ReadRules>("readRules", "/v1/rules", "The windows, bounds and tables that the contracts use", &[]),
];

//! What a dishonest member would try, through the gateway, by the role that would do it: what is refused, or who is
//! alarmed.

mod alarms;
mod credit;
mod customs;
mod disclosure;
mod gov;
mod items;
mod pay;
pub(crate) mod rights;

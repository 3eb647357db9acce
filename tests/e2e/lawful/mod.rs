//! Lawful trade that the rules against dishonest members must let pass, through the gateway.

mod alarms;
mod customs;
mod gov;
mod items;
mod pay;
mod rights;

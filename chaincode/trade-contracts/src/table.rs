//! The table of a contract's transactions: a function is listed once, and everything else stands with its request.

use fabric_contract::{Context, Contract, Kind};
use trade_model::{Refusal, Transaction};

/// Lists transactions by their function.
pub(crate) trait On {
    /// Adds the transaction `T`, carried out by `function`.
    fn on<T: Transaction>(self, function: fn(&mut Context<'_>, T) -> Result<T::Answer, Refusal>) -> Self;
}

impl On for Contract {
    fn on<T: Transaction>(self, function: fn(&mut Context<'_>, T) -> Result<T::Answer, Refusal>) -> Self {
        let contract = T::NAME.strip_suffix(T::function()).and_then(|name| name.strip_suffix(':'));
        assert_eq!(contract, Some(self.name()), "{} belongs to another contract", T::NAME);
        // What writes asks for a duty: a transaction that forgot it would be open to everybody of the member.
        assert_eq!(T::DUTIES.is_empty(), T::KIND == Kind::Evaluate, "{} and its duties", T::NAME);
        match T::KIND {
            // The extra argument is what a gateway says about the person for which it signs.
            Kind::Submit => self.submit_with_extra(T::function(), function),
            Kind::Evaluate => self.evaluate(T::function(), function),
        }
    }
}

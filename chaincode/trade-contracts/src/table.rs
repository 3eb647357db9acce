//! The table of a contract's transactions: a function is listed once, and everything else stands with its request.

use fabric_contract::{Context, Contract, Kind};
use trade_model::transaction::Conditional;
use trade_model::{Refusal, Transaction};

use crate::{beside, reference};

type Function<T> = fn(&mut Context<'_>, T) -> Result<<T as Transaction>::Answer, Refusal>;

/// Lists transactions by their function.
pub(crate) trait On {
    /// Adds the transaction `T`, carried out by `function`.
    fn on<T: Transaction>(self, function: Function<T>) -> Self;

    /// Adds the transaction `T`, which changes a record that others can change; `read` carries out the question that
    /// reads the record.
    fn on_seen<T: Conditional>(self, function: Function<T>, read: Function<T::Question>) -> Self;
}

impl On for Contract {
    fn on<T: Transaction>(self, function: Function<T>) -> Self {
        check_name::<T>(&self);
        assert!(T::QUESTION.is_none(), "{} changes what others can change", T::NAME);
        match T::KIND {
            Kind::Submit => self.submit_with_extra(T::function(), move |ctx, request: T| {
                reference::note(ctx)?;
                beside::check_none(ctx)?;
                function(ctx, request)
            }),
            Kind::Evaluate => self.evaluate(T::function(), function),
        }
    }

    fn on_seen<T: Conditional>(self, function: Function<T>, read: Function<T::Question>) -> Self {
        check_name::<T>(&self);
        assert!(T::KIND == Kind::Submit, "{} changes nothing", T::NAME);
        self.submit_with_extra(T::function(), move |ctx, request: T| {
            reference::note(ctx)?;
            beside::check(ctx, &request, read)?;
            function(ctx, request)
        })
    }
}

fn check_name<T: Transaction>(contract: &Contract) {
    let own = T::NAME.strip_suffix(T::function()).and_then(|name| name.strip_suffix(':'));
    assert_eq!(own, Some(contract.name()), "{} belongs to another contract", T::NAME);
    // What writes asks for a duty: a transaction that forgot it would be open to everybody of the member.
    assert_eq!(T::DUTIES.is_empty(), T::KIND == Kind::Evaluate, "{} and its duties", T::NAME);
}

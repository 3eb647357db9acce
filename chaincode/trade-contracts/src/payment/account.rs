//! Accounts: a bank reports for a holder only when the holder has named it and the bank has accepted.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::Role;
use trade_model::payment::{
    ACCOUNT_ACCEPTANCES, ACCOUNT_ENDS, ACCOUNTS, AcceptAccount, Account, AccountAcceptance, AccountEnd, AccountKey,
    AccountStanding, AccountState, EndAccount, NameBank, PaymentEvent, PaymentRejection, ReadAccount,
};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// The caller says which bank may report entries of its account.
///
/// # Errors
/// Another member with the role bank, that is not named already.
pub fn name_bank(ctx: &mut Context<'_>, request: NameBank) -> Result<Account, Refusal> {
    let mut caller = Caller::of::<NameBank>(ctx)?;
    let bank = request.bank;
    let is_bank = caller.partner(&bank).is_some_and(|member| member.has_role(Role::Bank));
    if !is_bank || bank == *caller.msp_id() {
        return Err(PaymentRejection::BankUnknown { msp_id: bank }.into());
    }
    if let Some(known) = load(ctx, caller.msp_id(), &bank)? {
        if known.state() != AccountState::Ended {
            return Err(PaymentRejection::AccountNamed { bank }.into());
        }
        caller.follow(known.last_at());
    }
    let account = Account { holder: caller.msp_id().clone(), bank, named: caller.stamp() };
    let key = key(&account.holder, &account.bank);
    authorship::put(ctx, &caller, (&ACCOUNTS, &key), &account, &[&account.holder])?;
    announce(ctx, PaymentEvent::BankNamed { holder: account.holder.clone(), bank: account.bank.clone() })?;
    Ok(account)
}

/// The bank says that it keeps the account.
///
/// # Errors
/// The holder must have named the caller, which has not accepted.
pub fn accept_account(ctx: &mut Context<'_>, request: AcceptAccount) -> Result<AccountAcceptance, Refusal> {
    let mut caller = Caller::of::<AcceptAccount>(ctx)?;
    let (holder, bank) = (request.holder, caller.msp_id().clone());
    let named = load(ctx, &holder, &bank)?;
    let Some(known) = named.filter(|known| known.state() != AccountState::Ended) else {
        return Err(PaymentRejection::AccountNotNamed { holder, bank }.into());
    };
    if known.state() == AccountState::Open {
        return Err(PaymentRejection::AccountOpen { holder }.into());
    }
    caller.follow(known.last_at());
    let naming = known.account.named.transaction_id;
    let acceptance = AccountAcceptance { holder, bank, naming, accepted: caller.stamp() };
    let key = key(&acceptance.holder, &acceptance.bank);
    authorship::put(ctx, &caller, (&ACCOUNT_ACCEPTANCES, &key), &acceptance, &[&acceptance.bank])?;
    let (holder, bank) = (acceptance.holder.clone(), acceptance.bank.clone());
    announce(ctx, PaymentEvent::AccountAccepted { holder, bank })?;
    Ok(acceptance)
}

/// Holder or bank says that the bank reports no longer.
///
/// # Errors
/// The two only, and only what is not ended.
pub fn end_account(ctx: &mut Context<'_>, request: EndAccount) -> Result<AccountEnd, Refusal> {
    let mut caller = Caller::of::<EndAccount>(ctx)?;
    let EndAccount { holder, bank } = request;
    if *caller.msp_id() != holder && *caller.msp_id() != bank {
        return Err(PaymentRejection::NotTheirAccount { holder, bank }.into());
    }
    let named = load(ctx, &holder, &bank)?;
    let Some(known) = named.filter(|known| known.state() != AccountState::Ended) else {
        return Err(PaymentRejection::AccountNotNamed { holder, bank }.into());
    };
    caller.follow(known.last_at());
    let naming = known.account.named.transaction_id;
    let end = AccountEnd { holder, bank, naming, ended: caller.stamp() };
    let key = key(&end.holder, &end.bank);
    authorship::put(ctx, &caller, (&ACCOUNT_ENDS, &key), &end, &[caller.msp_id()])?;
    announce(ctx, PaymentEvent::AccountEnded { holder: end.holder.clone(), bank: end.bank.clone() })?;
    Ok(end)
}

/// An account and where it stands.
///
/// # Errors
/// [`PaymentRejection::AccountUnknown`].
pub fn read_account(ctx: &mut Context<'_>, request: ReadAccount) -> Result<AccountStanding, Refusal> {
    let ReadAccount { holder, bank } = request;
    let Some(known) = load(ctx, &holder, &bank)? else {
        return Err(PaymentRejection::AccountUnknown { holder, bank }.into());
    };
    let state = known.state();
    let Known { account, acceptance, end, authenticated } = known;
    Ok(AccountStanding { account, authenticated, state, acceptance, end })
}

/// Refuses when the bank does not report for the holder; and says since when it does. Its own account is the bank's own
/// affair.
pub(super) fn check_open(ctx: &mut Context<'_>, holder: &MspId, bank: &MspId) -> Result<Option<UtcTime>, Refusal> {
    if holder == bank {
        return Ok(None);
    }
    let open = load(ctx, holder, bank)?.filter(|known| known.state() == AccountState::Open);
    match open {
        Some(known) => Ok(Some(known.last_at())),
        None => Err(PaymentRejection::AccountNotOpen { holder: holder.clone(), bank: bank.clone() }.into()),
    }
}

/// What holder and bank themselves have said.
struct Known {
    account: Account,
    acceptance: Option<AccountAcceptance>,
    end: Option<AccountEnd>,
    /// Whether nothing was left out because it is nobody's.
    authenticated: bool,
}

impl Known {
    fn state(&self) -> AccountState {
        match (&self.acceptance, &self.end) {
            (_, Some(_)) => AccountState::Ended,
            (Some(_), None) => AccountState::Open,
            (None, None) => AccountState::Named,
        }
    }

    /// When the last of it was said.
    fn last_at(&self) -> UtcTime {
        let accepted = self.acceptance.as_ref().map(|acceptance| acceptance.accepted.at);
        let ended = self.end.as_ref().map(|end| end.ended.at);
        [accepted, ended].into_iter().flatten().fold(self.account.named.at, UtcTime::max)
    }
}

/// An account as its holder named the bank last, with what belongs to that naming. What others wrote in their names is
/// not there.
fn load(ctx: &mut Context<'_>, holder: &MspId, bank: &MspId) -> Result<Option<Known>, Refusal> {
    let key = key(holder, bank);
    let Some(account) = ACCOUNTS.find(ctx, &key)? else { return Ok(None) };
    if !authorship::is_authentic(ctx, &ACCOUNTS, &key, &account, holder)? {
        return Ok(None);
    }
    let naming = &account.named.transaction_id;
    let mut authenticated = true;
    let mut acceptance = ACCOUNT_ACCEPTANCES.find(ctx, &key)?.filter(|given| given.naming == *naming);
    if let Some(given) = &acceptance
        && !authorship::is_authentic(ctx, &ACCOUNT_ACCEPTANCES, &key, given, bank)?
    {
        (acceptance, authenticated) = (None, false);
    }
    let mut end = ACCOUNT_ENDS.find(ctx, &key)?.filter(|given| given.naming == *naming);
    if let Some(given) = &end {
        let by = &given.ended.by;
        let is_theirs = by == holder || by == bank;
        if !is_theirs || !authorship::is_authentic(ctx, &ACCOUNT_ENDS, &key, given, by)? {
            (end, authenticated) = (None, false);
        }
    }
    Ok(Some(Known { account, acceptance, end, authenticated }))
}

fn key(holder: &MspId, bank: &MspId) -> AccountKey {
    (Part(holder.clone()), Part(bank.clone()))
}

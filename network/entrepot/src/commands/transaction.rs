//! `transaction`: the chaincode's transactions by their declarations, listed, described and sent over REST.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use trade_gateway::{
    rest::rest_request,
    routes::{self, Route, Transaction},
};
use trade_model::{
    rejection::Rejection,
    transaction::{Kind, Presence},
};

use crate::{
    commands::{caller, files::read_json},
    demo::rest::{Answer, to_json},
    exit::Exit,
    output::{Form, print_json, say},
};

/// Longest request that is read from a file, in bytes.
const REQUEST_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What to do with transactions.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all transactions: name, kind, roles, duty, route
    List,
    /// Print the JSON Schemas of a transaction's request, private input and answer
    Schema {
        /// Its name, for example `customs:FileDeclaration`
        name: String,
    },
    /// Send a transaction to a gateway and print its answer
    Send(Box<Send>),
}

/// What `transaction send` sends, and to which gateway.
#[derive(Debug, Args)]
pub struct Send {
    /// Its name, for example `customs:FileDeclaration`
    name: String,
    /// The request: a JSON file, or `-` for standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    request: PathBuf,
    /// The private input: a JSON file. Never an argument, which other users of the machine could see. Default: the
    /// request's own field `private`, if it has one
    #[arg(long, value_name = "FILE")]
    private: Option<PathBuf>,
    /// For transactions that change what others can change: the ETag of the record as it was read, with its quotation
    /// marks, or `*` for whatever is there
    #[arg(long, value_name = "TAG")]
    if_match: Option<String>,
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    caller: caller::Options,
}

/// Does what the command says. The exit status is that of the gateway's answer.
///
/// # Errors
/// The transaction is not known or has no route, a file cannot be read, or the gateway refuses.
pub fn run(command: &Command, form: Form) -> Result<Exit> {
    match command {
        Command::List => match form {
            Form::Text => list()?,
            Form::Json => list_for_programs()?,
        },
        Command::Schema { name } => schema(name)?,
        Command::Send(options) => return send(options),
    }
    Ok(Exit::Done)
}

fn list_for_programs() -> Result<()> {
    let row = |route: &&'static Route| {
        let transaction = route.transaction()?;
        let kind = if transaction.kind == Kind::Submit { "submit" } else { "evaluate" };
        let roles: Vec<&str> = transaction.roles.iter().map(|role| role.as_str()).collect();
        let duties: Vec<&str> = transaction.duties.iter().map(|duty| duty.as_str()).collect();
        let (method, path) = (route.method.as_str(), route.path);
        Some(json!({
            "name": transaction.name, "kind": kind, "roles": roles, "duties": duties, "method": method, "path": path,
        }))
    };
    let without = routes::WITHOUT_ROUTE.iter().map(|(name, reason)| json!({"name": name, "reason": reason}));
    let rows: Vec<Value> = routes::all().iter().filter_map(row).collect();
    print_json(&json!({"transactions": rows, "without_route": without.collect::<Vec<_>>()}))
}

fn list() -> Result<()> {
    for route in routes::all() {
        let Some(transaction) = route.transaction() else { continue };
        let kind = if transaction.kind == Kind::Submit { "submit" } else { "evaluate" };
        let roles: Vec<&str> = transaction.roles.iter().map(|role| role.as_str()).collect();
        let roles = if roles.is_empty() { "any".to_owned() } else { roles.join(",") };
        let duties: Vec<&str> = transaction.duties.iter().map(|duty| duty.as_str()).collect();
        let duties = if duties.is_empty() { "-".to_owned() } else { duties.join(",") };
        say!("{:26} {kind:8} {roles:36} {duties:13} {} {}", transaction.name, route.method.as_str(), route.path)?;
    }
    for (name, reason) in routes::WITHOUT_ROUTE {
        say!("{name:26} no route: {reason}")?;
    }
    Ok(())
}

fn schema(name: &str) -> Result<()> {
    let (_, transaction) = find(name)?;
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let request = (transaction.request.reference)(&mut generator);
    let private = (transaction.presence != Presence::Never).then(|| (transaction.private.reference)(&mut generator));
    let answer = (transaction.answer.reference)(&mut generator);
    let definitions = generator.take_definitions(true);
    let whole = json!({ "request": request, "private": private, "answer": answer, "$defs": definitions });
    print_json(&whole)
}

fn send(options: &Send) -> Result<Exit> {
    let (route, transaction) = find(&options.name)?;
    let mut argument = read_json(&options.request, REQUEST_BYTES_MAX)?;
    let private = match &options.private {
        Some(path) => Some(read_json(path, REQUEST_BYTES_MAX)?),
        None => inner_private(&mut argument, transaction),
    };
    let checked = (transaction.request.check)(&argument).map_err(Rejection::from);
    checked.with_context(|| format!("in {}", options.request.display()))?;
    ensure!(
        private.is_none() || transaction.presence != Presence::Never,
        "{} takes no private input",
        transaction.name
    );
    let sent = rest_request(route, argument, private);
    let body = sent.body.as_ref().map(serde_json::to_vec).transpose()?.unwrap_or_default();
    let mut headers: Vec<(&str, &str)> = Vec::new();
    headers.extend(sent.body.is_some().then_some(("Content-Type", "application/json")));
    headers.extend(options.if_match.as_deref().map(|tag| ("If-Match", tag)));
    let (response, exit) = options.caller.exchange(sent.method, &sent.target, &headers, &body, route.is_write())?;
    print_json(&Answer { status: response.status, body: to_json(&response.body), tag: None }.accepted()?)?;
    Ok(exit)
}

/// The private input inside a request, as the gateway's routes take it and `prove` leaves it.
fn inner_private(request: &mut Value, transaction: &Transaction) -> Option<Value> {
    match transaction.presence {
        Presence::Never => None,
        _ => request.as_object_mut()?.remove("private"),
    }
}

fn find(name: &str) -> Result<(&'static Route, &'static Transaction)> {
    let routes = routes::all().iter().copied();
    let found = routes.filter_map(|route| Some((route, route.transaction()?))).find(|(_, own)| own.name == name);
    if let Some((_, reason)) = routes::WITHOUT_ROUTE.iter().find(|(own, _)| *own == name) {
        bail!("{name} has no route: {reason}");
    }
    found.with_context(|| format!("there is no transaction {name:?}; `entrepot transaction list` shows all"))
}

//! `crypto`: keys and certificates for the organizations of a crypto configuration, and for one more user of one.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use fabric_cryptogen::{OrganizationFolder, OrganizationKind, UserRequest, issue_user};
use fabric_operator::{consortium, generate};

use serde_json::json;

use crate::output::Form;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write CAs, peers, orderers, admins, users and TLS certificates in the layout of Fabric's tools
    Generate {
        /// The crypto configuration; the demo's when not given
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The folder to write; existing keys in it are never overwritten
        #[arg(long, value_name = "DIR", default_value = "crypto-config")]
        output: PathBuf,
    },
    /// Issue a certificate, and its key, to one more user of an organization whose authority's key lies in the folder
    User(User),
}

/// One more user.
#[derive(Debug, Args)]
pub struct User {
    /// The folder that `generate` wrote
    #[arg(long, value_name = "DIR", default_value = "crypto-config")]
    output: PathBuf,
    /// The organization's domain, for example `customs.entrepot.example`
    #[arg(long)]
    domain: String,
    /// The user's name without the domain
    #[arg(long)]
    name: String,
    /// An attribute for the certificate, for example `entrepot.duties=officer`; may be given several times
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, String)>,
}

/// Does what the command says.
///
/// # Errors
/// The configuration is not usable, or keys exist already.
pub fn run(command: &Command, form: Form) -> Result<()> {
    let (config, output) = match command {
        Command::Generate { config, output } => (config, output),
        Command::User(user) => return issue(user, form),
    };
    let text = match config {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => consortium::DEFAULT_CRYPTO.to_owned(),
    };
    generate::crypto_into(&text, output)?;
    form.answer(format_args!("Keys and certificates lie in {}.", output.display()), &json!({"folder": output}))
}

fn issue(user: &User, form: Form) -> Result<()> {
    let folder = OrganizationFolder::new(&user.output, OrganizationKind::Peer, &user.domain, "");
    let mut request = UserRequest::client(&user.name);
    for (name, value) in &user.attributes {
        if request.attributes.insert(name.clone(), value.clone()).is_some() {
            bail!("the attribute {name} is given twice");
        }
    }
    let home = issue_user(&folder, &request).with_context(|| format!("no certificate for {}", user.name))?;
    form.answer(format_args!("Key and certificate lie in {}.", home.display()), &json!({"folder": home}))
}

/// An attribute as it is given on the command line.
fn attribute(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("is not NAME=VALUE")?;
    if name.is_empty() {
        return Err("has no name".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

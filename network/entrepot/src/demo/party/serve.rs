//! The process of one party: reads tasks, a line of JSON each, and answers them until nobody tells it anything more.

use std::{io::stdin, path::PathBuf};

use anyhow::Result;
use clap::Args;

use super::{
    acts,
    desk::Desk,
    task::{Method, Reply, Task},
};
use crate::{causes::in_one_line, output::say};

/// Which party.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The network's folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The organization's MSP id; without it, a caller without a certificate
    #[arg(long, value_name = "MSP")]
    organization: Option<String>,
}

/// Serves until standard input ends.
///
/// # Errors
/// The network's folder cannot be read, or a task cannot.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut desk = Desk::open(&options.dir, options.organization.clone())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for line in stdin().lines() {
        let task = serde_json::from_str(&line?)?;
        let reply = runtime.block_on(perform(&mut desk, task));
        let reply = reply.unwrap_or_else(|error| Reply::Failed(in_one_line(&error)));
        say!("{}", serde_json::to_string(&reply)?)?;
    }
    Ok(())
}

async fn perform(desk: &mut Desk, task: Task) -> Result<Reply> {
    match task {
        Task::Send { person, method, path, body } => {
            let caller = desk.caller(&person)?;
            let answer = match method {
                Method::Get => caller.send("GET", &path, Vec::new(), &[("accept", "application/json")]).await?,
                Method::Post => caller.post(&path, &body.unwrap_or_default()).await?,
            };
            Ok(Reply::Answer { status: answer.status, body: answer.body })
        }
        Task::Act { name, about } => Ok(Reply::Done(acts::perform(desk, &name, &about).await?)),
    }
}

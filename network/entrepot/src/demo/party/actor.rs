//! A party as the teller of the story sees it: a process that is told what to do.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail};
use fabric_operator::layout::Layout;
use serde_json::Value;

use super::task::{Method, Reply, Task};
use crate::demo::rest::Answer;

/// One person of a party, or a caller without a certificate.
#[derive(Clone)]
pub(in crate::demo) struct Actor {
    process: Arc<Process>,
    person: &'static str,
}

struct Process {
    child: Child,
    /// None when the process is to end.
    pipes: Mutex<Option<Pipes>>,
}

struct Pipes {
    tasks: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl Actor {
    /// Starts the process of an organization; without one, of a caller without a certificate.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(in crate::demo) fn start(program: &Path, layout: &Layout, organization: Option<&str>) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("party").arg("--dir").arg(layout.root());
        if let Some(organization) = organization {
            command.arg("--organization").arg(organization);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start a party")?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let pipes = pipes.map(|(tasks, replies)| Pipes { tasks, replies: BufReader::new(replies) });
        Ok(Self { process: Arc::new(Process { child, pipes: Mutex::new(pipes) }), person: "User1" })
    }

    /// Another person of the same party.
    pub(in crate::demo) fn person(&self, person: &'static str) -> Self {
        Self { process: Arc::clone(&self.process), person }
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// The process is gone, or the gateway cannot be reached.
    pub(in crate::demo) async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::Get, path, None).await
    }

    /// Writes a resource, once.
    ///
    /// # Errors
    /// As [`Actor::get`].
    pub(in crate::demo) async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(Method::Post, path, Some(body.clone())).await
    }

    /// Does what takes the party's own secrets.
    ///
    /// # Errors
    /// What the party says went wrong.
    pub(in crate::demo) async fn act(&self, name: &str, about: Value) -> Result<Value> {
        match self.tell(Task::Act { name: name.to_owned(), about }).await? {
            Reply::Done(outcome) => Ok(outcome),
            Reply::Failed(error) => bail!("{error}"),
            Reply::Answer { .. } => bail!("the party answered something else than it was asked"),
        }
    }

    /// As [`Actor::act`], for an act that ends with a request to the gateway.
    ///
    /// # Errors
    /// As [`Actor::act`].
    pub(in crate::demo) async fn act_and_send(&self, name: &str, about: Value) -> Result<Answer> {
        let outcome = self.act(name, about).await?;
        let status = outcome["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        Ok(Answer { status: status.context("the act sent nothing")?, body: outcome["body"].clone(), tag: None })
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Answer> {
        let person = self.person.to_owned();
        match self.tell(Task::Send { person, method, path: path.to_owned(), body }).await? {
            Reply::Answer { status, body } => Ok(Answer { status, body, tag: None }),
            Reply::Failed(error) => bail!("{error}"),
            Reply::Done(_) => bail!("the party answered something else than it was asked"),
        }
    }

    async fn tell(&self, task: Task) -> Result<Reply> {
        let process = Arc::clone(&self.process);
        tokio::task::spawn_blocking(move || process.tell(&task)).await?
    }
}

impl Process {
    fn tell(&self, task: &Task) -> Result<Reply> {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let pipes = pipes.as_mut().context("the party's process has no pipes")?;
        let mut line = serde_json::to_vec(task)?;
        line.push(b'\n');
        pipes.tasks.write_all(&line).and_then(|()| pipes.tasks.flush()).context("the party's process is gone")?;
        let mut reply = String::new();
        pipes.replies.read_line(&mut reply).context("the party's process is gone")?;
        serde_json::from_str(&reply).context("the party's process ended without an answer")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A process that hears nothing more ends.
        drop(self.pipes.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        let _ = self.child.wait();
    }
}

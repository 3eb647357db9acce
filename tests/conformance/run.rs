//! Running cases: networks that are started once per process, and many cases at a time on each.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, anyhow, bail};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::{
    runtime::Runtime,
    sync::{OnceCell, Semaphore},
};

use crate::{
    Case,
    embedded::Embedded,
    fabric::Fabric,
    net::{N, Net},
    network::TestNetwork,
};

/// How long one case may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many cases run at a time on one network.
const AT_A_TIME: usize = 24;

/// The outcome of a case on a network; what is wrong as text.
pub type Verdict = Result<(), String>;

/// A kind of network to be tested, and the one of this kind that cases share.
pub struct Column {
    binaries: Option<PathBuf>,
    program: PathBuf,
    shared: OnceCell<Result<N, String>>,
    slots: Semaphore,
    begun: Mutex<HashMap<&'static str, Shared<BoxFuture<'static, Verdict>>>>,
}

/// The networks to be tested in this process: the embedded one, and Fabric as often as `FABRIC_BIN` names a folder of it.
/// `program` is what can become the processes of a network.
pub fn columns(program: &Path) -> &'static [Arc<Column>] {
    static COLUMNS: OnceLock<Vec<Arc<Column>>> = OnceLock::new();
    COLUMNS.get_or_init(|| {
        let named = std::env::var_os("FABRIC_BIN").unwrap_or_default();
        let folders = std::env::split_paths(&named).filter(|folder| !folder.as_os_str().is_empty());
        let kinds = [None].into_iter().chain(folders.map(Some));
        let columns = kinds.map(|binaries| Column {
            binaries,
            program: program.to_owned(),
            shared: OnceCell::new(),
            slots: Semaphore::new(AT_A_TIME),
            begun: Mutex::default(),
        });
        columns.map(Arc::new).collect()
    })
}

impl Column {
    /// What kind it is.
    pub fn title(&self) -> String {
        match &self.binaries {
            None => "embedded".into(),
            // The folder that a release is unpacked into has the version in its name, and `bin` below it.
            Some(binaries) => {
                let folder = if binaries.ends_with("bin") { binaries.parent().unwrap_or(binaries) } else { binaries };
                folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
            }
        }
    }

    /// Lays out another network of this kind.
    pub fn network(&self) -> Result<Box<dyn TestNetwork>> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = scratch()?.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir_all(&folder)?;
        Ok(match &self.binaries {
            None => Box::new(Embedded::new(&folder, &self.program)?),
            Some(binaries) => Box::new(Fabric::new(&folder, &self.program, binaries)?),
        })
    }

    /// Begins a case, unless it was begun before.
    pub fn begin(self: &Arc<Self>, case: Case) -> Shared<BoxFuture<'static, Verdict>> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = begun.entry(case.name).or_insert_with(|| {
            let column = Arc::clone(self);
            // A thread for each, because the futures of cases are not `Send`: they lend closures to helpers.
            let running = runtime().spawn_blocking(move || {
                let outcome = runtime().block_on(column.run(case));
                outcome.map_err(|error| format!("{error:#}"))
            });
            let verdict = async move { running.await.unwrap_or_else(|panic| Err(panic.to_string())) };
            verdict.boxed().shared()
        });
        verdict.clone()
    }

    async fn run(self: Arc<Self>, case: Case) -> Result<()> {
        let _slot = self.slots.acquire().await?;
        let net = self.shared().await?;
        let (_shared, _alone) = match case.alone {
            true => (None, Some(net.quiet.write().await)),
            false => (Some(net.quiet.read().await), None),
        };
        match tokio::time::timeout(PATIENCE, (case.run)(net)).await {
            Ok(outcome) => outcome,
            Err(_) => bail!("no outcome within {} s", PATIENCE.as_secs()),
        }
    }

    async fn shared(self: &Arc<Self>) -> Result<N> {
        let start = || async {
            let net = Net::start(Arc::clone(self)).await;
            net.map_err(|error| format!("{error:#}"))
        };
        let started = self.shared.get_or_init(start).await;
        started.clone().map_err(|error| anyhow!("the network did not start: {error}"))
    }
}

/// Runs one case as a test on every network. When no test is chosen by name, all cases are begun with the first, because
/// most of their time goes into waiting for blocks.
pub fn check(program: &Path, all: &[Case], case: Case) -> Result<()> {
    let columns = columns(program);
    let chosen_by_name = std::env::args().skip(1).any(|argument| !argument.starts_with('-'));
    if !chosen_by_name {
        for column in columns {
            all.iter().for_each(|case| drop(column.begin(*case)));
        }
    }
    let mut wrong = Vec::new();
    for column in columns {
        if let Err(error) = runtime().block_on(column.begin(case)) {
            wrong.push(format!("{}: {error}", column.title()));
        }
    }
    match wrong.as_slice() {
        [] => Ok(()),
        wrong => bail!("{} on {}", case.number(), wrong.join("\n")),
    }
}

/// Runs all cases and prints a table with a column for each network. Returns whether all passed.
pub fn print_table(program: &Path, cases: &[Case]) -> Result<bool> {
    let columns = columns(program);
    for case in cases {
        columns.iter().for_each(|column| drop(column.begin(*case)));
    }
    let titles: Vec<String> = columns.iter().map(|column| column.title()).collect();
    println!("case  {}  rule", titles.join("  "));
    let (mut passed, mut failures) = (0, Vec::new());
    for case in cases {
        let mut row = case.number();
        for (column, title) in columns.iter().zip(&titles) {
            let verdict = runtime().block_on(column.begin(*case));
            row.push_str(&format!("  {:width$}", if verdict.is_ok() { "ok" } else { "FAILED" }, width = title.len()));
            match verdict {
                Ok(()) => passed += 1,
                Err(error) => failures.push(format!("{} on {title}: {}\n  {error}", case.number(), case.rule())),
            }
        }
        println!("{row}  {}", case.rule());
    }
    for failure in &failures {
        println!("\n{failure}");
    }
    println!("\n{passed} passed, {} failed", failures.len());
    let _ = fs::remove_dir_all(scratch()?);
    Ok(failures.is_empty())
}

/// Connections live as long as the runtime that made them, so that all cases share one.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().expect("threads can be had")
    })
}

/// The folder of this process for networks. What earlier processes left behind goes when the next one begins: networks
/// that tests share have no end before the process's.
fn scratch() -> Result<PathBuf> {
    static SWEPT: OnceLock<()> = OnceLock::new();
    const PREFIX: &str = "entrepot-conformance-";
    let temporary = std::env::temp_dir();
    SWEPT.get_or_init(|| {
        for entry in fs::read_dir(&temporary).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let gone = |id: &str| !Path::new("/proc").join(id).exists();
            if name.strip_prefix(PREFIX).is_some_and(gone) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    });
    let folder = temporary.join(format!("{PREFIX}{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}


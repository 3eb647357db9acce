//! Running cases: networks that are started once per process, and many cases at a time on each.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
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
    inside::Inside,
    net::{N, Net},
    network::{Orderers, TestNetwork},
};

/// How long one case may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many cases run at a time on one network.
const AT_A_TIME: usize = 24;

/// How many cases with channels of their own run at a time on one network.
const OWN_AT_A_TIME: usize = 3;

/// The outcome of a case on a network; what is wrong as text.
pub type Verdict = Result<(), String>;

/// A kind of network to be tested, and the one of this kind that cases share.
pub struct Column {
    title: String,
    binaries: Option<PathBuf>,
    orderers: Orderers,
    program: PathBuf,
    shared: OnceCell<Result<N, String>>,
    slots: Semaphore,
    own_slots: Semaphore,
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
        let columns = kinds.map(|binaries| Column::new(title(binaries.as_deref()), binaries, Orderers::One, program));
        columns.map(Arc::new).collect()
    })
}

/// The same Fabric with several orderers, for the cases that concern ordering.
fn ordering_columns(program: &Path) -> &'static [Arc<Column>] {
    static COLUMNS: OnceLock<Vec<Arc<Column>>> = OnceLock::new();
    COLUMNS.get_or_init(|| {
        let mut several = Vec::new();
        for column in columns(program).iter().filter(|column| column.binaries.is_some()) {
            let column_with = |name: &str, orderers| {
                Arc::new(Column::new(format!("{} {name}", column.title), column.binaries.clone(), orderers, program))
            };
            several.push(column_with("3 Raft", Orderers::ThreeRaft));
            if !column.title.starts_with("Fabric 2.") {
                several.push(column_with("4 BFT", Orderers::FourBft));
            }
        }
        several
    })
}

/// All networks that a case is asked of.
fn columns_for(program: &Path, case: Case) -> impl Iterator<Item = &'static Arc<Column>> {
    let all = columns(program).iter().chain(ordering_columns(program).iter().filter(move |_| case.orders));
    all.filter(move |column| column.binaries.is_none() || !case.switched)
}

impl Column {
    fn new(title: String, binaries: Option<PathBuf>, orderers: Orderers, program: &Path) -> Self {
        Self {
            title,
            binaries,
            orderers,
            program: program.to_owned(),
            shared: OnceCell::new(),
            slots: Semaphore::new(AT_A_TIME),
            own_slots: Semaphore::new(OWN_AT_A_TIME),
            begun: Mutex::default(),
        }
    }

    /// Who orders transactions on it.
    pub fn orderers(&self) -> Orderers {
        self.orderers
    }

    /// What kind it is, as the head of its column in the table.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Lays out another network of this kind.
    pub fn network(&self) -> Result<Box<dyn TestNetwork>> {
        let folder = another_folder()?;
        Ok(match &self.binaries {
            None => Box::new(Embedded::new(&folder, &self.program)?),
            Some(binaries) => Box::new(Fabric::new(&folder, &self.program, binaries, self.orderers)?),
        })
    }

    /// As [`Column::network`], with peers that can be stopped one by one.
    ///
    /// # Errors
    /// As [`Column::network`].
    pub fn network_with_stops(&self) -> Result<Box<dyn TestNetwork>> {
        match &self.binaries {
            None => Ok(Box::new(Inside::new(&another_folder()?, &self.program)?)),
            Some(_) => self.network(),
        }
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
        let _own_slot = if case.own { Some(self.own_slots.acquire().await?) } else { None };
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

/// Runs one case as a test on every network. With the first one all those begin that the command line asks for, because
/// most of their time goes into waiting for blocks.
pub fn check(program: &Path, all: &[Case], case: Case) -> Result<()> {
    let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let asked_for = |case: &Case| {
        let name = format!("conformance::{}", case.name);
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter))
    };
    begin_all(program, &all.iter().copied().filter(asked_for).collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for column in columns_for(program, case) {
        if let Err(error) = runtime().block_on(column.begin(case)) {
            wrong.push(format!("{}: {error}", column.title));
        }
    }
    match wrong.as_slice() {
        [] => Ok(()),
        wrong => bail!("{} on {}", case.number(), wrong.join("\n")),
    }
}

/// Runs all cases and prints a table with a column for each network. Returns whether all passed.
pub fn print_table(program: &Path, cases: &[Case]) -> Result<bool> {
    begin_all(program, cases);
    let columns: Vec<&Arc<Column>> = columns(program).iter().chain(ordering_columns(program)).collect();
    let titles: Vec<&str> = columns.iter().map(|column| column.title()).collect();
    println!("case  {}  rule", titles.join("  "));
    let (mut passed, mut failures) = (0, Vec::new());
    for case in cases {
        let mut row = case.number();
        for column in &columns {
            let word = if case.switched && column.binaries.is_some() {
                "no switch"
            } else if columns_for(program, *case).all(|concerned| !Arc::ptr_eq(concerned, column)) {
                "-"
            } else if let Err(error) = runtime().block_on(column.begin(*case)) {
                failures.push((format!("{} on {}: {}", case.number(), column.title, case.rule()), error));
                "FAILED"
            } else {
                passed += 1;
                "ok"
            };
            row.push_str(&format!("  {word:width$}", width = column.title.len()));
        }
        println!("{row}  {}", case.rule());
    }
    let mut said = HashSet::new();
    for (case, error) in &failures {
        // A network that did not start fails all of its cases with the same words.
        println!("\n{case}\n  {}", if said.insert(error) { error } else { "as above" });
    }
    if cases.iter().any(|case| case.switched) {
        println!("\nno switch: the case makes something fail that can be made to fail on the embedded network only");
    }
    println!("\n{passed} passed, {} failed", failures.len());
    let _ = fs::remove_dir_all(scratch()?);
    Ok(failures.is_empty())
}

/// What a network is called: its peers' version, or where they lie when they do not tell.
fn title(binaries: Option<&Path>) -> String {
    let Some(binaries) = binaries else { return "embedded".into() };
    let output = Command::new(binaries.join("peer")).arg("version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let version = text.lines().find_map(|line| line.trim().strip_prefix("Version: v"));
    version.map_or_else(|| binaries.display().to_string(), |version| format!("Fabric {version}"))
}

/// Begins cases on all networks: first those that must be alone, because others would have to end before them.
fn begin_all(program: &Path, cases: &[Case]) {
    for alone in [true, false] {
        for case in cases.iter().filter(|case| case.alone == alone) {
            columns_for(program, *case).for_each(|column| drop(column.begin(*case)));
        }
    }
}

/// Connections live as long as the runtime that made them, so that all cases share one.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().expect("threads can be had")
    })
}

/// An empty folder for a network.
pub fn another_folder() -> Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = scratch()?.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
    fs::create_dir_all(&folder)?;
    Ok(folder)
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

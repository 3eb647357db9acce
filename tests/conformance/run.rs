//! Running cases: networks that are started once per process, and many cases at a time on each.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use anyhow::{Result, anyhow, bail};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    case::Case,
    column::{Column, columns, ordering_columns},
    net::{N, Net},
    network::Orderers,
    runtime::runtime,
    scratch::scratch,
};

/// How long one case may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many cases run at a time on one network.
const AT_A_TIME: usize = 24;

/// How many cases with channels of their own run at a time on one network.
const OWN_AT_A_TIME: usize = 3;

/// The outcome of a case on a network; what is wrong as text.
pub type Verdict = Result<(), String>;

/// The one network of a kind that cases share.
struct Running {
    column: Arc<Column>,
    shared: OnceCell<Result<N, String>>,
    slots: Semaphore,
    own_slots: Semaphore,
    begun: Mutex<HashMap<&'static str, Shared<BoxFuture<'static, Verdict>>>>,
}

/// The networks of all kinds, those with several orderers last.
fn all_running(program: &Path) -> &'static [Arc<Running>] {
    static ALL: OnceLock<Vec<Arc<Running>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let columns = columns(program).iter().chain(ordering_columns(program));
        columns.map(|column| Arc::new(Running::new(Arc::clone(column)))).collect()
    })
}

/// All networks that a case is asked of.
fn running_for(program: &Path, case: Case) -> impl Iterator<Item = &'static Arc<Running>> {
    let concerned = move |running: &&Arc<Running>| {
        let orders = running.column.orderers() != Orderers::One;
        (case.orders || !orders) && (running.column.is_embedded() || !case.switched)
    };
    all_running(program).iter().filter(concerned)
}

impl Running {
    fn new(column: Arc<Column>) -> Self {
        Self {
            column,
            shared: OnceCell::new(),
            slots: Semaphore::new(AT_A_TIME),
            own_slots: Semaphore::new(OWN_AT_A_TIME),
            begun: Mutex::default(),
        }
    }

    /// Begins a case, unless it was begun before.
    fn begin(self: &Arc<Self>, case: Case) -> Shared<BoxFuture<'static, Verdict>> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = begun.entry(case.name).or_insert_with(|| {
            let network = Arc::clone(self);
            // A thread for each, because the futures of cases are not `Send`: they lend closures to helpers.
            let running = runtime().spawn_blocking(move || {
                let outcome = runtime().block_on(network.run(case));
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
            let net = Net::start(Arc::clone(&self.column)).await;
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
    for network in running_for(program, case) {
        if let Err(error) = runtime().block_on(network.begin(case)) {
            wrong.push(format!("{}: {error}", network.column.title()));
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
    let networks = all_running(program);
    let titles: Vec<&str> = networks.iter().map(|network| network.column.title()).collect();
    println!("case  {}  rule", titles.join("  "));
    let (mut passed, mut failures) = (0, Vec::new());
    for case in cases {
        let mut row = case.number();
        for network in networks {
            let title = network.column.title();
            let word = if case.switched && !network.column.is_embedded() {
                "no switch"
            } else if running_for(program, *case).all(|concerned| !Arc::ptr_eq(concerned, network)) {
                "-"
            } else if let Err(error) = runtime().block_on(network.begin(*case)) {
                failures.push((format!("{} on {}: {}", case.number(), title, case.rule()), error));
                "FAILED"
            } else {
                passed += 1;
                "ok"
            };
            row.push_str(&format!("  {word:width$}", width = title.len()));
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

/// Begins cases on all networks: first those that must be alone, because others would have to end before them.
fn begin_all(program: &Path, cases: &[Case]) {
    for alone in [true, false] {
        for case in cases.iter().filter(|case| case.alone == alone) {
            running_for(program, *case).for_each(|network| drop(network.begin(*case)));
        }
    }
}

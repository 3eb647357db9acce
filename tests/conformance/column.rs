//! The kinds of networks that cases are asked of: the embedded one, and Hyperledger Fabric in its versions and with its
//! kinds of orderers.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
};

use anyhow::Result;

use crate::{
    embedded::Embedded,
    fabric::Fabric,
    inside::Inside,
    network::{Orderers, TestNetwork},
    scratch::another_folder,
};

/// A kind of network to be tested.
pub struct Column {
    title: String,
    binaries: Option<PathBuf>,
    orderers: Orderers,
    program: PathBuf,
}

/// The networks to be tested in this process: the embedded one, and Fabric as often as `FABRIC_BIN` names a folder of
/// it. `program` is what can become the processes of a network.
pub fn columns(program: &Path) -> &'static [Arc<Column>] {
    static COLUMNS: OnceLock<Vec<Arc<Column>>> = OnceLock::new();
    COLUMNS.get_or_init(|| {
        let kinds = [None].into_iter().chain(fabric_operator::fabric::named_folders().into_iter().map(Some));
        let columns = kinds.map(|binaries| Column::new(title(binaries.as_deref()), binaries, Orderers::One, program));
        columns.map(Arc::new).collect()
    })
}

/// The same Fabric with several orderers, for the cases that concern ordering.
pub fn ordering_columns(program: &Path) -> &'static [Arc<Column>] {
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

impl Column {
    fn new(title: String, binaries: Option<PathBuf>, orderers: Orderers, program: &Path) -> Self {
        Self { title, binaries, orderers, program: program.to_owned() }
    }

    /// Whether it is the embedded network, which has switches that Fabric does not have.
    pub fn is_embedded(&self) -> bool {
        self.binaries.is_none()
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
}

/// What a network is called: its peers' version, or where they lie when they do not tell.
fn title(binaries: Option<&Path>) -> String {
    let Some(binaries) = binaries else { return "embedded".into() };
    let output = Command::new(binaries.join("peer")).arg("version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let version = text.lines().find_map(|line| line.trim().strip_prefix("Version: v"));
    version.map_or_else(|| binaries.display().to_string(), |version| format!("Fabric {version}"))
}

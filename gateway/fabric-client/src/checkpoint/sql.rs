//! A checkpoint in a table. The statements are plain SQL with `$1` for values, which SQLite and PostgreSQL take alike;
//! the database itself comes from the caller through [`SqlSession`], so this crate links none.
//!
//! Given a session that is an open transaction, [`SqlCheckpointer::store`] becomes part of it: what the reader made of
//! the events and how far it got are then committed together, and no event counts twice even after a crash.

use super::checkpointer::{CheckpointError, Checkpointer, Position};

/// One row of text columns, in the order of the question.
pub type SqlRow = Vec<String>;

/// What is needed of a database: a connection, or an open transaction.
pub trait SqlSession: Send {
    /// What goes wrong with it.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Runs a statement with text values for `$1`, `$2`, … and returns how many rows it changed.
    ///
    /// # Errors
    /// Those of the database.
    fn execute(&mut self, statement: &str, values: &[&str]) -> Result<u64, Self::Error>;

    /// Asks for at most one row.
    ///
    /// # Errors
    /// Those of the database.
    fn row(&mut self, question: &str, values: &[&str]) -> Result<Option<SqlRow>, Self::Error>;
}

/// Keeps the position of one named reader in the table `fabric_checkpoint`.
#[derive(Debug)]
pub struct SqlCheckpointer<S> {
    session: S,
    reader: String,
}

impl<S: SqlSession> SqlCheckpointer<S> {
    /// Makes the table; does nothing when it is there. Numbers are text, since no SQL integer holds every block number.
    pub const TABLE: &'static str = "CREATE TABLE IF NOT EXISTS fabric_checkpoint (reader VARCHAR(255) NOT NULL \
        PRIMARY KEY, block_number VARCHAR(20) NOT NULL, transaction_id VARCHAR(64) NOT NULL)";
    const SELECT: &'static str = "SELECT block_number, transaction_id FROM fabric_checkpoint WHERE reader = $1";
    const UPDATE: &'static str =
        "UPDATE fabric_checkpoint SET block_number = $1, transaction_id = $2 WHERE reader = $3";
    const INSERT: &'static str =
        "INSERT INTO fabric_checkpoint (block_number, transaction_id, reader) VALUES ($1, $2, $3)";

    /// Keeps the position of `reader`. The table must be there, see [`SqlCheckpointer::create_table`].
    pub fn new(session: S, reader: &str) -> Self {
        Self { session, reader: reader.to_owned() }
    }

    /// Makes the table unless it is there.
    ///
    /// # Errors
    /// [`CheckpointError::Database`].
    pub fn create_table(&mut self) -> Result<(), CheckpointError> {
        self.session.execute(Self::TABLE, &[]).map_err(database)?;
        Ok(())
    }

    /// The session back, for instance to commit its transaction.
    pub fn into_session(self) -> S {
        self.session
    }

    fn malformed(&self, cause: impl std::fmt::Display) -> CheckpointError {
        let place = format!("the row of {:?} in fabric_checkpoint", self.reader);
        CheckpointError::Malformed { place, cause: cause.to_string() }
    }
}

impl<S: SqlSession> Checkpointer for SqlCheckpointer<S> {
    fn load(&mut self) -> Result<Option<Position>, CheckpointError> {
        let Some(row) = self.session.row(Self::SELECT, &[&self.reader]).map_err(database)? else { return Ok(None) };
        let [block_number, transaction_id] = row.as_slice() else {
            return Err(self.malformed(format!("it has {} columns and not 2", row.len())));
        };
        let block_number = block_number.parse().map_err(|error| self.malformed(error))?;
        let transaction_id = Some(transaction_id.clone()).filter(|id| !id.is_empty());
        Ok(Some(Position { block_number, transaction_id }))
    }

    fn store(&mut self, position: &Position) -> Result<(), CheckpointError> {
        let block_number = position.block_number.to_string();
        let values = [block_number.as_str(), position.transaction_id.as_deref().unwrap_or(""), &self.reader];
        if self.session.execute(Self::UPDATE, &values).map_err(database)? == 0 {
            self.session.execute(Self::INSERT, &values).map_err(database)?;
        }
        Ok(())
    }
}

fn database(error: impl std::error::Error + Send + Sync + 'static) -> CheckpointError {
    CheckpointError::Database(Box::new(error))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io};

    use super::*;

    /// Knows the four statements and no other; refuses when it is told to.
    #[derive(Default)]
    struct Table {
        rows: Option<BTreeMap<String, (String, String)>>,
        broken: bool,
    }

    impl SqlSession for Table {
        type Error = io::Error;

        fn execute(&mut self, statement: &str, values: &[&str]) -> Result<u64, io::Error> {
            if statement.starts_with("CREATE TABLE IF NOT EXISTS") {
                self.rows.get_or_insert_default();
                return Ok(0);
            }
            let [block, transaction, reader] = values else { return Err(io::Error::other("three values expected")) };
            let rows = self.rows.as_mut().filter(|_| !self.broken).ok_or_else(|| io::Error::other("no such table"))?;
            let row = (block.to_string(), transaction.to_string());
            let known = rows.contains_key(*reader);
            match statement.split(' ').next() {
                Some("UPDATE") if !known => return Ok(0),
                Some("INSERT") if known => return Err(io::Error::other("unique constraint")),
                Some("UPDATE" | "INSERT") => rows.insert(reader.to_string(), row),
                _ => return Err(io::Error::other("syntax error")),
            };
            Ok(1)
        }

        fn row(&mut self, _: &str, values: &[&str]) -> Result<Option<SqlRow>, io::Error> {
            let rows = self.rows.as_ref().ok_or_else(|| io::Error::other("no such table"))?;
            Ok(rows.get(values[0]).map(|(block, transaction)| vec![block.clone(), transaction.clone()]))
        }
    }

    #[test]
    fn each_reader_has_its_row() -> Result<(), CheckpointError> {
        let mut first = SqlCheckpointer::new(Table::default(), "index");
        assert!(matches!(first.load(), Err(CheckpointError::Database(_))), "there is no table yet");
        first.create_table()?;
        assert_eq!(first.load()?, None);
        for position in [Position::block(u64::MAX), Position::after_transaction(4, "a"), Position::block(5)] {
            first.store(&position)?;
            assert_eq!(first.load()?, Some(position));
        }
        let mut second = SqlCheckpointer::new(first.into_session(), "audit");
        assert_eq!(second.load()?, None);
        Ok(())
    }

    #[test]
    fn a_database_that_refuses_is_an_error() -> Result<(), CheckpointError> {
        let mut checkpointer = SqlCheckpointer::new(Table::default(), "index");
        checkpointer.create_table()?;
        checkpointer.store(&Position::block(1))?;
        checkpointer.session.broken = true;
        assert!(matches!(checkpointer.store(&Position::block(2)), Err(CheckpointError::Database(_))));
        assert_eq!(checkpointer.load()?, Some(Position::block(1)));
        Ok(())
    }

    #[test]
    fn a_row_that_is_no_position_is_an_error() {
        let rows = BTreeMap::from([("index".to_owned(), ("x".to_owned(), String::new()))]);
        let mut checkpointer = SqlCheckpointer::new(Table { rows: Some(rows), broken: false }, "index");
        assert!(matches!(checkpointer.load(), Err(CheckpointError::Malformed { .. })));
    }
}

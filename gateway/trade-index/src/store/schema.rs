//! The tables: those of the migrations, and one for each list, made from the declarations of [`crate::resource`].

use std::borrow::Cow;

use crate::sqlx::{
    self, AnyConnection, AnyPool, Row,
    migrate::{Migration, MigrationType, Migrator},
};
use fabric_msp::hash::sha256;

use super::{dialect::Dialect, error::StoreError, reader::ReaderId, value::hexadecimal};
use crate::resource::{Column, Kind, Resource, resources};

/// The migrations: number, name and SQL, in which `BYTES` is filled in.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "ledger", include_str!("../../migrations/0001_ledger.sql")),
    (2, "words of a record", include_str!("../../migrations/0002_words_of_a_record.sql")),
    (3, "webhooks", include_str!("../../migrations/0003_webhooks.sql")),
];

/// Counted up when rows are made of the same declarations in another way.
const FORM: u32 = 1;

/// Brings the tables to this version.
pub(super) async fn migrate(pool: &AnyPool, dialect: Dialect) -> Result<(), StoreError> {
    let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
        let sql = sql.replace(" BYTES ", &format!(" {} ", dialect.bytes()));
        Migration::new(*version, Cow::Borrowed(name), MigrationType::Simple, Cow::Owned(sql), false)
    });
    let migrator = Migrator { migrations: Cow::Owned(migrations.collect()), ..Migrator::DEFAULT };
    migrator.run(pool).await?;
    make_lists(pool, dialect).await
}

/// Makes the lists' tables, those of another declaration anew. All readers begin with block 0 then, since what another
/// declaration needs may not have been kept. Nothing is touched while the declaration is the one that made them.
async fn make_lists(pool: &AnyPool, dialect: Dialect) -> Result<(), StoreError> {
    let form = form();
    let made = sqlx::query("SELECT form FROM list_form").fetch_optional(pool).await?;
    if made.map(|row| row.try_get::<String, _>(0)).transpose()?.as_ref() == Some(&form) {
        return Ok(());
    }
    let mut transaction = pool.begin().await?;
    // What changes rows takes its turn at the readers first, and so does this.
    dialect.lock(&mut transaction).await?;
    let made = sqlx::query("SELECT form FROM list_form").fetch_optional(&mut *transaction).await?;
    let made: Option<String> = made.map(|row| row.try_get(0)).transpose()?;
    if made.as_ref() == Some(&form) {
        return Ok(());
    }
    for list in lists_of(&mut transaction, dialect).await? {
        sqlx::query(&format!("DROP TABLE {list}")).execute(&mut *transaction).await?;
    }
    for statement in resources().iter().flat_map(|resource| list_tables(resource, dialect)) {
        sqlx::query(&statement).execute(&mut *transaction).await?;
    }
    forget(&mut transaction, None).await?;
    sqlx::query("DELETE FROM list_form").execute(&mut *transaction).await?;
    sqlx::query("INSERT INTO list_form VALUES ($1)").bind(&form).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// The lists' tables that are there.
async fn lists_of(connection: &mut AnyConnection, dialect: Dialect) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query(dialect.tables()).fetch_all(connection).await?;
    let names: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    Ok(names.into_iter().filter(|name| name.starts_with("list_") && name != "list_form").collect())
}

/// Forgets what a reader has read, or all have, so that it begins with block 0.
pub(super) async fn forget(connection: &mut AnyConnection, reader: Option<ReaderId>) -> Result<(), StoreError> {
    let condition = if reader.is_some() { " WHERE reader_id = $1" } else { "" };
    let lists = resources().iter().map(|resource| resource.list());
    let tables = ["block", "ledger_transaction", "entry_version", "entry_author", "private_hash", "ledger_event"];
    let tables = tables.into_iter().chain(["word", "element", "channel_organization"]).map(str::to_owned).chain(lists);
    // The reader's position first, as when a block is taken in: two that change rows wait for each other there.
    let statements = std::iter::once(format!("UPDATE reader SET next_block = 0{condition}"))
        .chain(tables.map(|table| format!("DELETE FROM {table}{condition}")));
    for statement in statements {
        let mut query = sqlx::query(&statement);
        if let Some(reader) = reader {
            query = query.bind(reader.0);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The statements that make the table of a list with its indices.
fn list_tables(resource: &Resource, dialect: Dialect) -> Vec<String> {
    let list = resource.list();
    let bytes = dialect.bytes();
    let columns: String = resource
        .columns
        .iter()
        .map(|column| format!("{} {} NOT NULL, ", column.sql(), sql_type(column, dialect)))
        .collect();
    let mut statements = vec![
        format!(
            "CREATE TABLE {list} (reader_id BIGINT NOT NULL, id {bytes} NOT NULL, {columns}\
             changed_block BIGINT NOT NULL, changed_place BIGINT NOT NULL, changed_at BIGINT NOT NULL, \
             authenticated BIGINT NOT NULL, flaws TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (reader_id, id))"
        ),
        format!("CREATE INDEX {list}_changed ON {list} (reader_id, changed_block, id)"),
        format!("CREATE INDEX {list}_changed_at ON {list} (reader_id, changed_at, id)"),
        format!("CREATE INDEX {list}_authentic ON {list} (reader_id, authenticated, id)"),
    ];
    for column in resource.columns {
        let name = column.sql();
        statements.push(format!("CREATE INDEX {list}_{name} ON {list} (reader_id, {name}, id)"));
    }
    statements
}

fn sql_type(column: &Column, dialect: Dialect) -> &'static str {
    match column.kind {
        Kind::Text | Kind::Thing | Kind::Day => dialect.bytes(),
        Kind::Number | Kind::Moment => "BIGINT",
    }
}

/// A digest of the lists' declaration.
fn form() -> String {
    hexadecimal(&sha256(format!("{FORM} {:?}", resources()).as_bytes()))
}

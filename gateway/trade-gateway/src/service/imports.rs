//! What an organization does with its imports.

use fabric_msp::hash::sha256;
use trade_import::{Format, mapping::Plan, report_line};
use trade_model::common::Beside;

use super::{
    core::{Service, creator_of, failed, path, sign, store_failed},
    indexed::{named, number, refused},
};
use crate::{
    answer::Answer,
    imports::{
        Asked, FileForm, Import, ImportRow, ImportState, ImportView, ImportsAnswer, RowState, RowView, RowsAnswer,
        Target, rows_of,
    },
    ledger::Call,
    members::Principal,
    problem::{Problem, ProblemCode},
    request::{self, Parts},
    routes::by_operation,
    settings::Custody,
    store::{AddImport, IMPORTS_MAX},
    time::now,
};

/// The media type of templates and reports.
const CSV: &str = "text/csv; charset=utf-8";

/// Most rows of a page.
const ROWS_MAX: u32 = 1_001;

/// What becomes of the rows of a file.
pub(super) struct Wish {
    pub(super) target: Target,
    pub(super) mapping: Option<(String, u32)>,
    pub(super) plan: Option<Plan>,
    in_order: bool,
}

impl Service {
    /// Takes a file. One that is known goes on, or is left as it is.
    pub(super) async fn start_import(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let [mapping, version, template, dry_run, delimiter, encoding, sheet] =
            named(parts, ["mapping", "version", "template", "dry_run", "delimiter", "encoding", "sheet"])?;
        self.check_custody(&caller.msp_id)?;
        let dry_run = match dry_run.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(refused("dry_run", "must be `true` or `false`")),
        };
        let form = FileForm::of(&parts.media_type, [delimiter, encoding, sheet])?;
        let wish = self.wish(caller, form.format, mapping, version, template)?;
        self.authorise(wish.target.route, Some(caller))?;
        let id = self.import_id(caller, &wish, &form, dry_run, &parts.body);
        let certificate = hex::encode(caller.certificate.der());
        if let Some(known) = self.store.import(&caller.msp_id, &id).map_err(|error| store_failed(&error))? {
            return self.start_again(known, &certificate);
        }
        let import = Import {
            id,
            msp_id: caller.msp_id.clone(),
            operation: wish.target.route.operation.to_owned(),
            mapping: wish.mapping,
            format: form.format,
            file_sha256: hex::encode(sha256(&parts.body)),
            dry_run,
            in_order: wish.in_order,
            header: Vec::new(),
            state: ImportState::Running,
            stopped: None,
            rows: 0,
            accepted: 0,
            failed: 0,
            certificate,
            created_at: now(),
            updated_at: now(),
        };
        let asked = Asked { target: wish.target, plan: wish.plan, form, first: None };
        self.add_import(import, asked, parts.body.clone()).await
    }

    async fn add_import(&self, import: Import, asked: Asked, body: Vec<u8>) -> Result<Answer, Problem> {
        let imported = self.read_file(asked, body).await?;
        let failed = imported.rows.iter().filter(|row| row.state == RowState::Failed).count() as u64;
        let rows = imported.rows.len() as u64;
        let state = if failed == rows { ImportState::Done } else { ImportState::Running };
        let import = Import { header: imported.header, rows, failed, state, ..import };
        let added = tokio::task::block_in_place(|| self.store.add_import(&import, &imported.rows));
        match added.map_err(|error| store_failed(&error))? {
            AddImport::New => {}
            AddImport::Known(known) => return self.start_again(*known, &import.certificate),
            AddImport::TooMany => {
                return Err(Problem::of(ProblemCode::ImportsFull)
                    .with_detail(format!("An organization may have {IMPORTS_MAX}; forget one of them.")));
            }
        }
        if !import.dry_run {
            self.metrics.import_rows("failed", failed);
        }
        self.imports_wait.notify_one();
        let place = format!("/v1/imports/{}", import.id);
        Ok(Answer::json(202, &ImportView::from(&import)).with_header("Location", place))
    }

    /// Reads a file away from the threads that answer requests.
    pub(super) async fn read_file(&self, asked: Asked, body: Vec<u8>) -> Result<crate::imports::Imported, Problem> {
        let limits = self.limits().as_ref().clone();
        let reading = tokio::task::spawn_blocking(move || rows_of(&body, &asked, &limits));
        reading.await.unwrap_or_else(|error| {
            tracing::error!("reading a file stopped: {error}");
            Err(Problem::of(ProblemCode::GatewayFailure))
        })
    }

    /// Lets an import that does not run go on, in the name of another certificate.
    fn start_again(&self, known: Import, certificate: &str) -> Result<Answer, Problem> {
        let again = match known.state {
            ImportState::Running => Ok(Some(known)),
            _ => tokio::task::block_in_place(|| self.store.repeat_import(&known, certificate, now())),
        };
        let again = again.map_err(|error| store_failed(&error))?;
        let again = again.ok_or_else(|| Problem::of(ProblemCode::ImportUnknown))?;
        self.imports_wait.notify_one();
        Ok(Answer::json(200, &ImportView::from(&again)))
    }

    /// What becomes of the rows: documents need no mapping, all others one of the organization or a template's.
    pub(super) fn wish(
        &self,
        caller: &Principal,
        format: Format,
        mapping: Option<String>,
        version: Option<String>,
        template: Option<String>,
    ) -> Result<Wish, Problem> {
        match (format, mapping, template) {
            (Format::Epcis, None, None) => {
                Ok(Wish { target: Target::of_events()?, mapping: None, plan: None, in_order: true })
            }
            (Format::Epcis, ..) => {
                Err(refused("mapping", "is not for EPCIS documents, whose events are requests already"))
            }
            (_, Some(name), None) => {
                let version = version.map(|text| number("version", Some(&text), 1, 1, u32::MAX)).transpose()?;
                let kept = self.kept_mapping(&caller.msp_id, &name, version)?;
                let target = Target::parse(&kept.mapping.target)?;
                let plan = Some(target.plan(&kept.mapping)?);
                Ok(Wish { target, mapping: Some((name, kept.version)), plan, in_order: kept.mapping.in_order })
            }
            (_, None, Some(operation)) => {
                let target = Target::parse(&operation)?;
                let plan = Some(target.plan(&target.template()?.mapping(&operation))?);
                Ok(Wish { target, mapping: None, plan, in_order: false })
            }
            _ => Err(refused("mapping", "or `template` must be given, and not both")),
        }
    }

    fn import_id(&self, caller: &Principal, wish: &Wish, form: &FileForm, dry_run: bool, body: &[u8]) -> String {
        let text = format!("{} {} {:?} {form:?} {dry_run}", caller.msp_id, wish.target.route.operation, wish.mapping);
        let mut digest = self.store.request_digest(&text, body);
        digest.truncate(32);
        digest
    }

    /// Rows are sent by the identity that the gateway holds for the organization.
    ///
    /// # Errors
    /// It holds none.
    pub(crate) fn check_custody(&self, msp_id: &str) -> Result<(), Problem> {
        match self.members.member(msp_id).map(|member| member.settings.custody) {
            Some(Custody::Managed) => Ok(()),
            _ => Err(Problem::of(ProblemCode::ImportSigning).with_detail(
                "The gateway holds no key of your organization, so each row is to be sent and signed by itself.",
            )),
        }
    }

    /// The imports of the caller's organization.
    pub(super) fn imports(&self, caller: &Principal) -> Result<Answer, Problem> {
        let imports = self.store.imports(&caller.msp_id).map_err(|error| store_failed(&error))?;
        Ok(Answer::json(200, &ImportsAnswer { imports: imports.iter().map(ImportView::from).collect() }))
    }

    /// One of them.
    pub(super) fn read_import(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        Ok(Answer::json(200, &ImportView::from(&self.known_import(caller, parts)?)))
    }

    fn known_import(&self, caller: &Principal, parts: &Parts) -> Result<Import, Problem> {
        let found = self.store.import(&caller.msp_id, path(parts, "id")).map_err(|error| store_failed(&error))?;
        found.ok_or_else(|| Problem::of(ProblemCode::ImportUnknown))
    }

    /// Forgets one. What it has recorded stays recorded.
    pub(super) fn remove_import(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let import = self.known_import(caller, parts)?;
        // Who may not send its rows may not stop them either.
        if let Some(route) = by_operation(&import.operation) {
            self.authorise(route, Some(caller))?;
        }
        let removed = tokio::task::block_in_place(|| self.store.remove_import(&import.msp_id, &import.id));
        match removed.map_err(|error| store_failed(&error))? {
            true => Ok(Answer::empty(204)),
            false => Err(Problem::of(ProblemCode::ImportUnknown)),
        }
    }

    /// A page of its rows.
    pub(super) fn read_import_rows(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let [state, after, limit] = named(parts, ["state", "after", "limit"])?;
        let limit = self.limit(limit.as_deref(), ROWS_MAX)?;
        let from = u64::from(number("after", after.as_deref(), 0, 0, u32::MAX)?);
        let state = match state.as_deref() {
            None => None,
            Some("waiting") => Some(RowState::Waiting),
            Some("accepted") => Some(RowState::Accepted),
            Some("failed") => Some(RowState::Failed),
            Some(_) => return Err(refused("state", "must be `waiting`, `accepted` or `failed`")),
        };
        let import = self.known_import(caller, parts)?;
        let wanted = |row: &ImportRow| state.is_none_or(|state| row.state == state);
        let count = limit as usize;
        // One more tells whether there are more.
        let rows = tokio::task::block_in_place(|| self.store.import_rows(&import.id, from, count + 1, wanted));
        let rows = rows.map_err(|error| store_failed(&error))?;
        let next = rows.get(count).map(|row| row.number);
        Ok(Answer::json(200, &RowsAnswer { rows: rows.iter().take(count).map(RowView::from).collect(), next }))
    }

    /// The rows that have failed, with the file's own columns and the reasons, for those who made the file.
    pub(super) fn report_import(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let import = self.known_import(caller, parts)?;
        let is_failed = |row: &ImportRow| row.state == RowState::Failed;
        let rows = tokio::task::block_in_place(|| self.store.import_rows(&import.id, 0, usize::MAX, is_failed));
        let rows = rows.map_err(|error| store_failed(&error))?;
        let own = ["import line", "import code", "import reason"].map(str::to_owned);
        // The mark tells spreadsheets, which would spoil its letters otherwise, that it is UTF-8.
        let mut text = format!("\u{feff}{}", report_line(&[import.header.as_slice(), &own].concat()));
        for row in &rows {
            let (width, mut cells) = (import.header.len(), row.cells.clone());
            // Cells beyond the header stand behind the reasons, so that each column holds what its name says.
            let beyond = cells.split_off(width.min(cells.len()));
            cells.resize(width, String::new());
            text += &report_line(&[cells, reasons(row).into(), beyond].concat());
        }
        let name = format!("attachment; filename=\"import-{}.csv\"", import.id);
        let answer = Answer { media_type: CSV, ..Answer::json_bytes(200, text.into_bytes()) };
        Ok(answer.with_header("Content-Disposition", name))
    }

    /// A table to begin with.
    pub(super) fn import_template(&self, parts: &Parts) -> Result<Answer, Problem> {
        let operation = path(parts, "operation");
        let text = Target::parse(operation)?.template()?.csv();
        let answer = Answer { media_type: CSV, ..Answer::json_bytes(200, text.into_bytes()) };
        Ok(answer.with_header("Content-Disposition", "attachment; filename=\"template.csv\""))
    }

    /// Evaluates what a write would do, and writes nothing. What rows before it would change is not there.
    pub(crate) async fn rehearse(
        &self,
        target: Target,
        principal: &Principal,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let arguments = request::arguments(target.route, target.transaction, parts, &self.limits())?;
        let call = self.call(target.transaction, principal, &arguments).await?;
        let signer = self.signer(principal, false)?.ok_or_else(|| Problem::of(ProblemCode::ImportSigning))?;
        let beside = Beside { operator: self.vouch(signer.as_ref(), principal), ..call.beside.clone() };
        let call = Call { beside, ..call };
        let draft = self.ledger.propose(&creator_of(signer.as_ref()), &call).map_err(|error| failed(&error))?;
        let signature = sign(signer.as_ref(), &draft).map_err(|error| failed(&error))?;
        let answer =
            self.ledger.evaluate(&principal.msp_id, &draft, &signature).await.map_err(|error| failed(&error))?;
        self.evaluated(target.transaction.name, &draft.transaction_id, answer)
    }
}

fn reasons(row: &ImportRow) -> [String; 3] {
    let each = |text: &dyn Fn(&trade_import::RowFault) -> String| -> String {
        row.faults.iter().map(text).collect::<Vec<_>>().join("; ")
    };
    let reason = each(&|fault| match &fault.column {
        Some(column) => format!("{column}: {}", fault.detail),
        None => fault.detail.clone(),
    });
    [row.line.to_string(), each(&|fault| fault.code.clone()), reason]
}

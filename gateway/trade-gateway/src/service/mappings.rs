//! What an organization does with the mappings of its imports.

use trade_import::{Format, mapping::Mapping};
use trade_model::{common::DeclarationId, rejection};

use super::{
    core::{Service, path, store_failed},
    imports::Wish,
    indexed::{named, number, refused},
};
use crate::{
    answer::Answer,
    imports::{Asked, FileForm, KeptMapping, MappingView, MappingsAnswer, PreviewAnswer, PreviewedRow, Target},
    members::Principal,
    problem::{Problem, ProblemCode},
    request::{self, Parts},
    store::{MAPPINGS_MAX, PutMapping, VERSIONS_MAX},
    time::now,
};

/// Largest mapping, in bytes.
const MAPPING_BYTES_MAX: usize = 64 * 1024;

/// Most rows of a preview.
const PREVIEWED_MAX: u32 = 100;

impl Service {
    /// The newest version of each mapping of the caller's organization.
    pub(super) fn mappings(&self, caller: &Principal) -> Result<Answer, Problem> {
        let mappings = tokio::task::block_in_place(|| self.store.mappings(&caller.msp_id));
        let mappings = mappings.map_err(|error| store_failed(&error))?;
        let mappings = mappings.into_iter().map(|(name, kept)| MappingView::new(&name, kept)).collect();
        Ok(Answer::json(200, &MappingsAnswer { mappings }))
    }

    /// A version of one of them; the newest one, if none is named.
    pub(super) fn read_mapping(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let [version] = named(parts, ["version"])?;
        let version = version.map(|text| number("version", Some(&text), 1, 1, u32::MAX)).transpose()?;
        let name = path(parts, "name");
        Ok(Answer::json(200, &MappingView::new(name, self.kept_mapping(&caller.msp_id, name, version)?)))
    }

    /// Keeps a mapping as a new version, once it fits the requests that it makes.
    pub(super) fn put_mapping(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let name = path(parts, "name");
        DeclarationId::parse(name).map_err(|error| refused("name", &error.to_string()))?;
        if parts.body.len() > MAPPING_BYTES_MAX {
            return Err(Problem::of(ProblemCode::MappingTooLarge)
                .with_detail(format!("A mapping has at most {MAPPING_BYTES_MAX} bytes.")));
        }
        let body = request::body_object(&parts.body, &self.limits())?;
        let mapping: Mapping = rejection::read(serde_json::Value::Object(body).to_string().as_bytes())
            .map_err(|rejection| Problem::refused(&rejection.into()))?;
        let target = Target::parse(&mapping.target)?;
        // Rows are sent in the name of others by what the mapping says.
        self.authorise(target.route, Some(caller))?;
        target.plan(&mapping)?;
        let put = tokio::task::block_in_place(|| self.store.put_mapping(&caller.msp_id, name, &mapping, now()));
        match put.map_err(|error| store_failed(&error))? {
            PutMapping::New(kept) => Ok(Answer::json(201, &MappingView::new(name, kept))),
            PutMapping::Same(kept) => Ok(Answer::json(200, &MappingView::new(name, kept))),
            PutMapping::TooMany => Err(Problem::of(ProblemCode::MappingsFull).with_detail(format!(
                "An organization may have {MAPPINGS_MAX} mappings, and each of them {VERSIONS_MAX} versions."
            ))),
        }
    }

    /// The requests that the first rows of a file would become.
    pub(super) async fn preview_mapping(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let [version, limit, delimiter, encoding, sheet] =
            named(parts, ["version", "limit", "delimiter", "encoding", "sheet"])?;
        let first = number("limit", limit.as_deref(), 10, 1, PREVIEWED_MAX)?;
        let form = FileForm::of(&parts.media_type, [delimiter, encoding, sheet])?;
        if form.format == Format::Epcis {
            return Err(refused("name", "is a mapping, which EPCIS documents do not need"));
        }
        let name = path(parts, "name").to_owned();
        let Wish { target, plan, mapping, .. } = self.wish(caller, form.format, Some(name), version, None)?;
        let asked = Asked { target, plan, form, first: Some(first.into()) };
        let imported = self.read_file(asked, parts.body.clone()).await?;
        Ok(Answer::json(
            200,
            &PreviewAnswer {
                version: mapping.map_or(1, |(_, version)| version),
                columns: imported.header,
                rows: imported.rows.iter().map(PreviewedRow::from).collect(),
            },
        ))
    }

    pub(super) fn kept_mapping(&self, msp_id: &str, name: &str, version: Option<u32>) -> Result<KeptMapping, Problem> {
        let found = self.store.mapping(msp_id, name, version).map_err(|error| store_failed(&error))?;
        found.ok_or_else(|| Problem::of(ProblemCode::MappingUnknown))
    }
}

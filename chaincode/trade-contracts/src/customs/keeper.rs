//! Whether who holds goods holds them for the importer: it is the importer, or the goods are the importer's and it has
//! the importer's mandate.

use std::collections::BTreeMap;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::customs::Declaration;
use trade_model::item::{Item, ItemKind};
use trade_model::mandate::Mandate;
use trade_standards::identifier::MspId;

use crate::mandate;

/// The mandates of an importer as they stood when it filed, by holder, each looked for once.
pub(super) struct Keepers<'f> {
    filed: &'f Declaration,
    known: BTreeMap<MspId, Vec<Mandate>>,
}

impl<'f> Keepers<'f> {
    pub(super) fn of(filed: &'f Declaration) -> Self {
        Self { filed, known: BTreeMap::new() }
    }

    /// Whether the thing is with the importer, or with who keeps it for the importer.
    pub(super) fn keep(&mut self, ctx: &mut Context<'_>, item: &Item) -> Result<bool, Refusal> {
        let (importer, filed_at) = (&self.filed.importer, self.filed.filed.at);
        let Some(holder) = &item.holder else { return Ok(false) };
        if holder == importer {
            return Ok(true);
        }
        // A unit has no owner and no trade item: its contents are asked about one by one.
        let is_unit = item.kind == ItemKind::LogisticUnit;
        if !item.owner.as_ref().map_or(is_unit, |owner| owner == importer) {
            return Ok(false);
        }
        if !self.known.contains_key(holder) {
            let mandates = mandate::between(ctx, importer, holder)?;
            self.known.insert(holder.clone(), mandates);
        }
        let was_signed = |mandate: &&Mandate| mandate.decided.as_ref().is_some_and(|decided| decided.at <= filed_at);
        let signed = self.known.get(holder).into_iter().flatten().filter(was_signed);
        let mut then = signed.map(|mandate| mandate.as_of(filed_at));
        Ok(then.any(|mandate| {
            let for_product = is_unit || mandate.is_for(item.gtin.as_ref());
            for_product && mandate.is_in_force(filed_at.date())
        }))
    }
}

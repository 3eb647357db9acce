//! Payments as they come in a message, and what stands around them.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter, mem,
};

use trade_standards::iso20022::Element;

use crate::{Cell, FileError};

/// Elements whose parts tell something about every payment inside of them.
const AROUND: [&str; 10] = [
    "BkToCstmrAcctRpt",
    "BkToCstmrStmt",
    "BkToCstmrDbtCdtNtfctn",
    "CstmrCdtTrfInitn",
    "FIToFICstmrCdtTrf",
    "Rpt",
    "Stmt",
    "Ntfctn",
    "Ntry",
    "PmtInf",
];

/// Most elements of one such part, because it is looked through for each payment.
const PART_ELEMENTS_MAX: usize = 500;

/// One payment.
pub(super) struct Payment<'a> {
    /// Which one of the file it is, from 1.
    pub(super) line: u64,
    /// Which one of its entry it is, from 0.
    pub(super) number: u64,
    own: &'a Element,
    around: &'a [Element],
}

/// Finds payments.
pub(super) struct Payments {
    /// Whether a column looks for a part of this name in what stands around payments, or in an entry.
    is_part: fn(&str) -> bool,
    count: u64,
    /// Those of the entry that is open.
    of_entry: u64,
}

impl Payments {
    pub(super) fn new(is_part: fn(&str) -> bool) -> Self {
        Self { is_part, count: 0, of_entry: 0 }
    }

    /// Gives an element that is a payment to `each`, and gives back what is still needed.
    pub(super) fn ended<E: From<FileError>>(
        &mut self,
        open: &[Element],
        element: Element,
        each: &mut dyn FnMut(&Payment<'_>) -> Result<(), E>,
    ) -> Result<Option<Element>, E> {
        let number = match element.name.as_str() {
            "TxDtls" if open.iter().any(|around| around.name == "Ntry") => {
                self.of_entry += 1;
                self.of_entry - 1
            }
            "Ntry" if mem::take(&mut self.of_entry) > 0 => return Ok(None),
            "Ntry" | "CdtTrfTxInf" => 0,
            _ => return Ok(self.kept(open, element)?),
        };
        // Each of them is looked through for each payment inside, and no message has one in another of its kind.
        let mut names = BTreeSet::new();
        let mut around = open.iter().map(|open| open.name.as_str()).filter(|name| AROUND.contains(name));
        if !around.all(|name| names.insert(name)) {
            return Err(FileError::Iso20022("a part of it stands in another one of its name".to_owned()).into());
        }
        self.count += 1;
        each(&Payment { line: self.count, number, own: &element, around: open })?;
        Ok(None)
    }

    /// The element, unless no column looks for it.
    fn kept(&self, open: &[Element], element: Element) -> Result<Option<Element>, FileError> {
        let is_around = |element: &Element| AROUND.contains(&element.name.as_str());
        let Some(around) = open.last().filter(|last| is_around(last)) else { return Ok(Some(element)) };
        // A second one shows that it is not clear which is meant; of a third one nobody learns more.
        let is_wanted = (self.is_part)(&element.name) && around.all(&element.name).count() < 2;
        if is_around(&element) || !is_wanted {
            return Ok(None);
        }
        if element.size() > PART_ELEMENTS_MAX {
            let text = format!("`{}` in `{}` has more than {PART_ELEMENTS_MAX} elements", element.name, around.name);
            return Err(FileError::Iso20022(text));
        }
        Ok(Some(element))
    }
}

impl<'a> Payment<'a> {
    /// The elements at a place. `.` is the payment itself; any other first name is the innermost element of that name
    /// around it, or the innermost part of that name that one of those around it has.
    pub(super) fn at(&self, place: &str) -> Vec<&'a Element> {
        let steps: Vec<&str> = place.split('/').collect();
        let mut found = Vec::new();
        if let [".", rest @ ..] = steps.as_slice() {
            below(self.own, rest, &mut found);
            return found;
        }
        let around = self.around.iter().rev().filter(|around| AROUND.contains(&around.name.as_str()));
        for element in iter::once(self.own).chain(around) {
            let is_meant = steps.first() == Some(&element.name.as_str());
            below(element, &steps[usize::from(is_meant)..], &mut found);
            if !found.is_empty() {
                break;
            }
        }
        found
    }

    /// Names and texts in its supplementary data.
    pub(super) fn supplements(&self) -> Vec<(&'a str, &'a str)> {
        let mut found = Vec::new();
        for envelope in self.at("./SplmtryData/Envlp") {
            leaves(envelope, &mut found);
        }
        found
    }

    /// What its supplementary data has under these names.
    pub(super) fn supplementary(&self, names: &[String]) -> Vec<Cell> {
        let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, text) in self.supplements() {
            texts.entry(name).or_default().push(text);
        }
        names.iter().map(|name| cell(texts.get(name.as_str()).map_or(&[], Vec::as_slice))).collect()
    }
}

/// A cell with these texts: a list, when there are several.
pub(super) fn cell(texts: &[&str]) -> Cell {
    match texts {
        [] => Cell::Empty,
        [text] => Cell::of_text(text),
        several => Cell::Nested(several.iter().copied().collect()),
    }
}

fn below<'a>(element: &'a Element, steps: &[&str], found: &mut Vec<&'a Element>) {
    match steps.split_first() {
        None => found.push(element),
        Some((first, rest)) => element.all(first).for_each(|child| below(child, rest, found)),
    }
}

/// The elements without others inside, and with a text.
fn leaves<'a>(element: &'a Element, found: &mut Vec<(&'a str, &'a str)>) {
    for child in &element.children {
        if !child.children.is_empty() {
            leaves(child, found);
        } else if !child.text.is_empty() {
            found.push((child.name.as_str(), child.text.as_str()));
        }
    }
}

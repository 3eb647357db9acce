//! The keys and qualifiers of the GS1 syntax dictionary (release 2026-01-27) that identify something in an
//! event: which form their values have and in which order qualifiers follow a key.
//!
//! Left out: 415 with 8020 (payment slips) and 8013 (model numbers), which name nothing that an event can hold.

use super::error::DigitalLinkError;
use crate::identifier::gs1_check_digit_holds;

/// A GS1 key that can stand at the head of a Digital Link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gs1Key {
    /// 00, logistic unit.
    Sscc,
    /// 01, trade item.
    Gtin,
    /// 253, document.
    Gdti,
    /// 255, coupon.
    Gcn,
    /// 401, consignment.
    Ginc,
    /// 402, shipment.
    Gsin,
    /// 414, place.
    Gln,
    /// 417, party.
    Party,
    /// 8003, returnable asset.
    Grai,
    /// 8004, individual asset.
    Giai,
    /// 8006, piece of a trade item.
    Itip,
    /// 8010, component or part.
    Cpid,
    /// 8017, provider in a service relation.
    GsrnProvider,
    /// 8018, recipient in a service relation.
    GsrnRecipient,
}

struct Row {
    key: Gs1Key,
    ai: &'static str,
    name: &'static str,
    form: Form,
    /// Alternative sequences of qualifiers, each in its order.
    qualifiers: &'static [&'static [&'static str]],
}

/// What a value looks like: digits with a check digit among them, then a tail.
#[derive(Clone, Copy)]
struct Form {
    /// Leading digits, the last of which is the check digit.
    checked: usize,
    tail: Tail,
    /// Longest tail in characters; for [`Tail::Digits4`] it is exact.
    tail_max: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Tail {
    None,
    Digits,
    Digits4,
    /// Character set 82 of the General Specifications.
    Set82,
    /// Character set 39: upper case, digits, `#`, `-`, `/`.
    Set39,
}

const fn form(checked: usize, tail: Tail, tail_max: usize) -> Form {
    Form { checked, tail, tail_max }
}

const TABLE: &[Row] = &[
    Row { key: Gs1Key::Sscc, ai: "00", name: "sscc", form: form(18, Tail::None, 0), qualifiers: &[] },
    Row {
        key: Gs1Key::Gtin,
        ai: "01",
        name: "gtin",
        form: form(14, Tail::None, 0),
        qualifiers: &[&["22", "10", "21"], &["235"]],
    },
    Row { key: Gs1Key::Gdti, ai: "253", name: "gdti", form: form(13, Tail::Set82, 17), qualifiers: &[] },
    Row { key: Gs1Key::Gcn, ai: "255", name: "gcn", form: form(13, Tail::Digits, 12), qualifiers: &[] },
    Row { key: Gs1Key::Ginc, ai: "401", name: "ginc", form: form(0, Tail::Set82, 30), qualifiers: &[] },
    Row { key: Gs1Key::Gsin, ai: "402", name: "gsin", form: form(17, Tail::None, 0), qualifiers: &[] },
    Row { key: Gs1Key::Gln, ai: "414", name: "gln", form: form(13, Tail::None, 0), qualifiers: &[&["254"], &["7040"]] },
    Row { key: Gs1Key::Party, ai: "417", name: "party", form: form(13, Tail::None, 0), qualifiers: &[&["7040"]] },
    Row { key: Gs1Key::Grai, ai: "8003", name: "grai", form: form(14, Tail::Set82, 16), qualifiers: &[] },
    Row { key: Gs1Key::Giai, ai: "8004", name: "giai", form: form(0, Tail::Set82, 30), qualifiers: &[&["7040"]] },
    Row {
        key: Gs1Key::Itip,
        ai: "8006",
        name: "itip",
        form: form(14, Tail::Digits4, 4),
        qualifiers: &[&["22", "10", "21"]],
    },
    Row { key: Gs1Key::Cpid, ai: "8010", name: "cpid", form: form(0, Tail::Set39, 30), qualifiers: &[&["8011"]] },
    Row {
        key: Gs1Key::GsrnProvider,
        ai: "8017",
        name: "gsrnp",
        form: form(18, Tail::None, 0),
        qualifiers: &[&["8019"]],
    },
    Row {
        key: Gs1Key::GsrnRecipient,
        ai: "8018",
        name: "gsrn",
        form: form(18, Tail::None, 0),
        qualifiers: &[&["8019"]],
    },
];

/// Qualifier, short name, character set and longest value.
const QUALIFIERS: &[(&str, &str, Tail, usize)] = &[
    ("22", "cpv", Tail::Set82, 20),
    ("10", "lot", Tail::Set82, 20),
    ("21", "ser", Tail::Set82, 20),
    ("235", "tpx", Tail::Set82, 28),
    ("254", "glnx", Tail::Set82, 20),
    ("7040", "uic-ext", Tail::Set82, 4),
    ("8011", "cpsn", Tail::Digits, 12),
    ("8019", "srin", Tail::Digits, 10),
];

impl Gs1Key {
    /// The application identifier, such as `01`.
    pub fn ai(self) -> &'static str {
        self.row().ai
    }

    /// The key with an application identifier.
    pub(super) fn of_ai(ai: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.ai == ai).map(|row| row.key)
    }

    /// The key by its application identifier or a short name such as `gtin`.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.ai == name || row.name == name).map(|row| row.key)
    }

    /// Digits up to and including the check digit; 0 when the key has none.
    pub(super) fn checked_digits(self) -> usize {
        self.row().form.checked
    }

    /// Whether `value` (decoded, GTIN padded) has the key's form, check digit aside.
    pub(super) fn has_form(self, value: &str) -> bool {
        let form = self.row().form;
        let Some((digits, tail)) = value.split_at_checked(form.checked) else {
            return false;
        };
        let tail_holds = match form.tail {
            Tail::None => tail.is_empty(),
            Tail::Digits4 => tail.len() == form.tail_max && in_set(tail, form.tail),
            _ => tail.len() <= form.tail_max && in_set(tail, form.tail),
        };
        // A company prefix opens every key; it has at least four digits, which keeps ordinary paths out.
        let prefix_holds = form.checked > 0 || (value.len() > 4 && value.bytes().take(4).all(|b| b.is_ascii_digit()));
        digits.bytes().all(|byte| byte.is_ascii_digit()) && tail_holds && prefix_holds
    }

    /// Checks form and check digit, and what the dictionary demands beyond the form: the filling zero of a returnable
    /// asset, a piece's number that is not above the number of pieces.
    pub(super) fn check(self, value: &str) -> Result<(), DigitalLinkError> {
        let ai = self.ai();
        if !self.has_form(value) {
            return Err(DigitalLinkError::Value { ai });
        }
        let checked = self.checked_digits();
        if checked > 0 && !gs1_check_digit_holds(&value[..checked]) {
            return Err(DigitalLinkError::CheckDigit { ai });
        }
        let rule_holds = match self {
            Self::Grai => value.starts_with('0'),
            Self::Itip => is_piece_of_total(&value[checked..]),
            _ => true,
        };
        if rule_holds { Ok(()) } else { Err(DigitalLinkError::Value { ai }) }
    }

    /// Whether the qualifier may follow the key.
    pub(super) fn takes_qualifier(self, ai: &str) -> bool {
        self.row().qualifiers.iter().any(|sequence| sequence.contains(&ai))
    }

    /// Checks values and order of qualifiers.
    pub(super) fn check_qualifiers(self, qualifiers: &[(&'static str, String)]) -> Result<(), DigitalLinkError> {
        for (ai, value) in qualifiers {
            // A serial number of digits with a leading zero would be a second text of the one without.
            let zero_prefix = *ai == "8011" && value.len() > 1 && value.starts_with('0');
            // As a segment of a path these mean something else, and no encoding changes that (RFC 3986 §6.2.2).
            let dots = matches!(value.as_str(), "." | "..");
            if !qualifier_holds(ai, value) || zero_prefix || dots {
                return Err(DigitalLinkError::Value { ai });
            }
        }
        self.check_order(qualifiers)
    }

    /// Checks that `qualifiers` are a subsequence of one of the key's sequences.
    pub(super) fn check_order(self, qualifiers: &[(&'static str, String)]) -> Result<(), DigitalLinkError> {
        let row = self.row();
        if qualifiers.is_empty() {
            return Ok(());
        }
        if qualifiers.iter().any(|(ai, _)| !self.takes_qualifier(ai)) {
            return Err(DigitalLinkError::Qualifier { ai: row.ai });
        }
        let follows = |sequence: &&[&str]| {
            let mut rest = sequence.iter();
            qualifiers.iter().all(|(ai, _)| rest.any(|allowed| allowed == ai))
        };
        if row.qualifiers.iter().any(follows) { Ok(()) } else { Err(DigitalLinkError::QualifierOrder { ai: row.ai }) }
    }

    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.key == self).expect("every key has its row")
    }
}

/// The qualifier by its application identifier or a short name such as `ser`.
pub(super) fn qualifier(segment: &str) -> Option<&'static str> {
    QUALIFIERS.iter().find(|(ai, name, ..)| *ai == segment || *name == segment).map(|(ai, ..)| *ai)
}

/// Two digits of the piece and two of the total, both above zero.
fn is_piece_of_total(tail: &str) -> bool {
    tail.split_at_checked(2).is_some_and(|(piece, total)| "00" < piece && piece <= total)
}

/// Whether `value` (decoded) may stand behind the qualifier.
pub(super) fn qualifier_holds(ai: &str, value: &str) -> bool {
    let row = QUALIFIERS.iter().find(|(name, ..)| *name == ai);
    row.is_some_and(|(_, _, set, max)| !value.is_empty() && value.len() <= *max && in_set(value, *set))
}

fn in_set(text: &str, set: Tail) -> bool {
    text.bytes().all(|byte| match set {
        Tail::None => false,
        Tail::Digits | Tail::Digits4 => byte.is_ascii_digit(),
        Tail::Set39 => byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'#' | b'-' | b'/'),
        Tail::Set82 => {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'!' | b'"' | b'_')
                || (b'%'..=b'/').contains(&byte)
                || (b':'..=b'?').contains(&byte)
        }
    })
}

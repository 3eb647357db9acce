//! Rights, licences and the products that they cover.

use super::{
    build::{moment, part, searched, text, whole},
    kind::Resource,
};

pub(super) static RESOURCES: &[Resource] = &[
    Resource {
        name: "licences",
        table: "licence",
        key: &["party", "id"],
        parts: &[part("reply", "licence-reply", 2), whole("ends", "licence-end")],
        columns: &[
            searched("licence_id", "/licence_id"),
            searched("right_id", "/right_id"),
            searched("parent_licence_id", "/parent_licence_id"),
            searched("licensor", "/licensor"),
            searched("licensee", "/licensee"),
            text("exclusivity", "/exclusivity"),
            moment("granted_at", "/granted/at"),
        ],
        sets: &[text("product", "/products"), text("territory", "/territories")],
        withheld: None,
    },
    Resource {
        name: "product-assignments",
        table: "product-assignment",
        key: &["from", "to"],
        parts: &[part("reply", "product-assignment-reply", 2)],
        columns: &[
            searched("from", "/from"),
            searched("to", "/to"),
            moment("assigned_at", "/assigned/at"),
            moment("ended_at", "/ended/at"),
        ],
        sets: &[text("product", "/products")],
        withheld: None,
    },
    Resource {
        name: "rights",
        table: "right",
        key: &["party", "id"],
        parts: &[
            whole("attestations", "right-attestation"),
            whole("oppositions", "right-opposition"),
            whole("opposition_answers", "right-opposition-answer"),
            whole("opposition_decisions", "right-opposition-decision"),
            whole("offers_made", "right-offer"),
            whole("offer_replies", "right-offer-reply"),
            whole("ends", "right-end"),
        ],
        columns: &[
            searched("right_id", "/right_id"),
            searched("owner", "/owner"),
            text("kind", "/kind"),
            text("office", "/office"),
            searched("number", "/number"),
            searched("title", "/title"),
            moment("recorded_at", "/recorded/at"),
        ],
        sets: &[text("product", "/products"), text("territory", "/territories")],
        withheld: None,
    },
];

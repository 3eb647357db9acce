//! What customs authorities decide by and about.

use super::{
    build::{moment, number, part, parts, searched, text, thing},
    kind::Resource,
};

pub(super) static RESOURCES: &[Resource] = &[
    Resource {
        name: "classifications",
        table: "hs-stated",
        key: &["gtin", "stated_by"],
        parts: &[],
        columns: &[
            searched("gtin", "/gtin"),
            text("hs_code", "/hs_code"),
            searched("stated_by", "/stated/by"),
            moment("stated_at", "/stated/at"),
        ],
        sets: &[],
        withheld: None,
    },
    Resource {
        name: "declarations",
        table: "declaration",
        key: &["party", "id"],
        parts: &[
            parts("acts_done", "declaration-act", 2),
            parts("decisions_made", "decision", 2),
            parts("approvals", "decision-approval", 2),
        ],
        columns: &[
            searched("declaration_id", "/declaration_id"),
            searched("importer", "/importer"),
            searched("authority", "/authority"),
            text("state", "/state"),
            text("hs_code", "/hs_code"),
            text("origin", "/origin"),
            text("destination", "/destination"),
            text("procedure", "/procedure"),
            text("currency", "/currency"),
            moment("filed_at", "/filed/at"),
        ],
        sets: &[thing("item", "/items")],
        withheld: None,
    },
    Resource {
        name: "disclosure-orders",
        table: "disclosure-order",
        key: &["party", "id"],
        parts: &[part("approval", "disclosure-approval", 2)],
        columns: &[
            searched("order_id", "/order_id"),
            searched("authority", "/authority"),
            searched("from", "/from"),
            text("kind", "/subject/kind"),
            moment("ordered_at", "/ordered/at"),
            moment("comply_by", "/approval/comply_by"),
        ],
        sets: &[],
        withheld: None,
    },
    Resource {
        name: "holds",
        table: "hold",
        key: &["id"],
        parts: &[],
        columns: &[
            searched("hold_id", "/hold_id"),
            searched("authority", "/authority"),
            text("country", "/country"),
            searched("declaration_id", "/declaration_id"),
            text("state", "/state"),
            moment("until", "/until"),
        ],
        sets: &[thing("item", "/items")],
        withheld: None,
    },
    Resource {
        name: "tariffs",
        table: "tariff-version",
        key: &["party", "id", "version"],
        parts: &[],
        columns: &[
            searched("tariff_id", "/tariff_id"),
            number("version", "/version"),
            searched("authority", "/authority"),
            text("jurisdiction", "/jurisdiction"),
            moment("published_at", "/published/at"),
        ],
        sets: &[],
        withheld: None,
    },
];

//! Assigning products to the rights of another member.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{Gtin, MspId};

use super::super::{AssignmentReply, PRODUCTS_MAX, ProductAssignment};
use crate::common::{Remark, Role, Set};
use crate::transaction::transactions;

/// `rights:AssignProducts` (submit): a company lets the rights of another member cover its products. It takes the place
/// of what it assigned to that member before, and is accepted anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignProducts {
    /// The member whose rights may cover them.
    pub to: MspId,
    /// GTINs under the caller's GS1 company prefixes; empty means all of them.
    #[serde(default)]
    pub products: Set<Gtin, 0, PRODUCTS_MAX>,
}

/// `rights:AcceptProducts` (submit): the other member accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptProducts {
    /// The company that owns the prefix.
    pub from: MspId,
}

/// `rights:RefuseProducts` (submit): the other member refuses, or gives the products back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseProducts {
    /// The company that owns the prefix.
    pub from: MspId,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `rights:EndAssignment` (submit): the company ends what it assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndAssignment {
    /// The member to which the products are assigned.
    pub to: MspId,
}

transactions! {
    submit(Registrar) "rights:AssignProducts" by Role::TRADERS, AssignProducts => ProductAssignment;
    submit(Registrar) "rights:AcceptProducts" by &[Role::Brand], AcceptProducts => AssignmentReply;
    submit(Registrar) "rights:RefuseProducts" by &[Role::Brand], RefuseProducts => AssignmentReply;
    submit(Registrar) "rights:EndAssignment" by Role::TRADERS, EndAssignment => ProductAssignment;
}

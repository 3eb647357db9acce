//! Commitments and proofs as records hold them.

use fabric_contract::KeyPart;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Malformed;

macro_rules! of_proofs {
    ($(#[$meta:meta])* $name:ident, $inner:ty, $code:literal, $rule:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name($inner);

        impl $name {
            /// The value that `trade-proofs` works on.
            pub fn get(&self) -> &$inner {
                &self.0
            }
        }

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                <$inner>::parse(&text).map(Self).map_err(|_| Malformed::new($code, $rule))
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                String::from(value.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$inner>::json_schema(generator)
            }
        }
    };
}

of_proofs! {
    /// A Pedersen commitment to a value in minor units.
    Commitment, trade_proofs::Commitment, "proof.commitment_malformed", "is not a commitment"
}

of_proofs! {
    /// A proof about committed values.
    Proof, trade_proofs::Proof, "proof.malformed", "is not a proof of a known form"
}

/// The text form.
impl KeyPart for Commitment {
    const SHAPE: &'static str = "commitment";

    fn to_part(&self) -> String {
        self.clone().into()
    }

    fn from_part(part: &str) -> Option<Self> {
        Self::try_from(part.to_owned()).ok().filter(|commitment| commitment.to_part() == part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_kept_in_its_one_spelling_and_not_in_the_callers() -> Result<(), Box<dyn std::error::Error>> {
        let mut blinding = [0; 32];
        blinding[0] = 9;
        let opening = trade_proofs::Opening::new(7, blinding)?;
        let commitment = opening.commitment();
        let hex = serde_json::to_string(&commitment.to_hex())?;
        for spelling in [commitment.to_hex(), commitment.to_base64url()] {
            let read: Commitment = serde_json::from_str(&serde_json::to_string(&spelling)?)?;
            assert_eq!(serde_json::to_string(&read)?, hex, "{spelling}");
        }
        let upper = serde_json::to_string(&commitment.to_hex().to_uppercase())?;
        assert!(serde_json::from_str::<Commitment>(&upper).is_err(), "{upper}");
        Ok(())
    }
}

//! The id of a thing: a GS1 key in its canonical Digital Link, or another URI.

use trade_standards::gs1::{DigitalLinkError, ObjectUri};

use super::{Malformed, text_type};

text_type! {
    /// The canonical id of an item, a logistic unit or a product class. Reads any of its names (GS1 Digital Link, EPC
    /// URN, SSCC) and holds the one canonical form, so that one thing is one thing however its name is written.
    ItemId, "^.{1,500}$", "https://id.gs1.org/01/09521234543213/21/1", canonical
}

fn canonical(text: &str) -> Result<String, Malformed> {
    ObjectUri::parse(text).map(|object| object.canonical().to_owned()).map_err(|error| {
        let code = match error {
            DigitalLinkError::CheckDigit { .. } => "item.check_digit",
            _ => "item.id_malformed",
        };
        Malformed::new(code, error.to_string())
    })
}

impl ItemId {
    /// The key and the kind of the thing.
    pub fn object(&self) -> ObjectUri {
        ObjectUri::parse(&self.0).expect("the canonical form of a name that was read can be read")
    }
}

impl From<&ObjectUri> for ItemId {
    fn from(object: &ObjectUri) -> Self {
        Self(object.canonical().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_thing_is_one_id() {
        let link = "https://id.gs1.org/01/04012345111118/21/7";
        for name in [link, "urn:epc:id:sgtin:4012345.011111.7", "https://example.com/01/04012345111118/21/7"] {
            let id = ItemId::parse(name).expect("a serialised item");
            assert_eq!(id.as_str(), link);
            assert_eq!(ItemId::parse(id.as_str()), Ok(id.clone()));
            assert_eq!(ItemId::from(&id.object()), id);
        }
        let refused = |name: &str| ItemId::parse(name).map_err(|error| error.code().to_owned()).err();
        assert_eq!(refused("https://id.gs1.org/01/04012345111119/21/7").as_deref(), Some("item.check_digit"));
        assert_eq!(refused("").as_deref(), Some("item.id_malformed"));
    }
}

//! Elements, read within bounds: local names, text, and the currency attribute.
//!
//! Document type declarations are refused, so no entity but the five of XML itself is ever expanded. Namespace
//! prefixes are dropped: banks use one namespace per message.

use super::error::CamtError;
use super::limits::CamtLimits;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// The name without the prefix of its namespace.
    pub name: String,
    /// The `Ccy` attribute.
    pub currency: Option<String>,
    /// The value of `xmlns`, on the root only of interest.
    pub(super) namespace: Option<String>,
    /// The text directly inside, trimmed.
    pub text: String,
    /// The elements directly inside.
    pub children: Vec<Element>,
}

impl Element {
    /// The children of that name.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of that name.
    pub(super) fn first(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first element at the end of a path of names.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.first(name))
    }

    /// The text at the end of a path, when there is any.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<String> {
        self.at(path).map(|element| element.text.clone()).filter(|text| !text.is_empty())
    }

    /// How many elements it is, with all that stand inside.
    pub fn size(&self) -> usize {
        1 + self.children.iter().map(Self::size).sum::<usize>()
    }
}

/// Reads the root element.
pub(super) fn read(text: &str, limits: &CamtLimits) -> Result<Element, CamtError> {
    read_elements(text, limits, &mut |_, element| Ok(Some(element)))
}

/// Is given an element that has ended and those that are open around it, and gives back what stays of it.
pub type Ended<'a, E> = dyn FnMut(&[Element], Element) -> Result<Option<Element>, E> + 'a;

/// Reads a document element by element and gives back its root.
///
/// `ended` is given each element that has ended, and those that are open around it, the outermost first; before that
/// one stands the document itself, which has no name. What `ended` gives back stays in the element around. What it
/// does not is used up, and the bound on elements counts it no longer: a message takes the room of its longest part.
///
/// # Errors
/// The text is not well-formed, has a document type declaration or exceeds a bound, or `ended` refuses.
pub fn read_elements<E: From<CamtError>>(
    text: &str,
    limits: &CamtLimits,
    ended: &mut Ended<'_, E>,
) -> Result<Element, E> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut held = Held { open: vec![Element::default()], elements: 0, limits, ended };
    loop {
        let position = reader.buffer_position();
        let malformed = |reason| CamtError::Xml { position, reason };
        match reader.read_event().map_err(|_| malformed("not well-formed"))? {
            Event::Start(start) => held.begin(element(&start, position)?)?,
            Event::Empty(start) => {
                held.count()?;
                held.end(element(&start, position)?)?;
            }
            Event::End(_) => {
                let element = held.open.pop().filter(|_| !held.open.is_empty());
                held.end(element.ok_or(malformed("an end tag without its start"))?)?;
            }
            Event::Text(part) => held.push(&part)?,
            Event::CData(part) => held.push(&part)?,
            Event::GeneralRef(reference) => {
                let unknown = malformed("an unknown entity");
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => character,
                    Ok(None) => named_entity(&reference).ok_or(unknown)?,
                    Err(_) => return Err(unknown.into()),
                };
                held.push(character.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(malformed("document type declarations are refused").into()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    root(held.open, text.len()).map_err(E::from)
}

fn root(mut open: Vec<Element>, length: usize) -> Result<Element, CamtError> {
    let mut document = match (open.pop(), open.is_empty()) {
        (Some(document), true) => document,
        _ => return Err(CamtError::Xml { position: length as u64, reason: "an element without end" }),
    };
    if document.children.len() != 1 || !document.text.trim().is_empty() {
        return Err(CamtError::Xml { position: 0, reason: "there must be one root element" });
    }
    Ok(document.children.remove(0))
}

/// What is kept of a document while it is read.
struct Held<'a, E> {
    /// The elements that are open, and before them the document.
    open: Vec<Element>,
    /// How many elements are kept.
    elements: usize,
    limits: &'a CamtLimits,
    ended: &'a mut Ended<'a, E>,
}

impl<E: From<CamtError>> Held<'_, E> {
    fn count(&mut self) -> Result<(), CamtError> {
        self.elements += 1;
        if self.elements > self.limits.elements_max {
            return Err(CamtError::TooLarge { what: "elements", max: self.limits.elements_max });
        }
        Ok(())
    }

    fn begin(&mut self, element: Element) -> Result<(), CamtError> {
        self.count()?;
        if self.open.len() > self.limits.depth_max {
            return Err(CamtError::TooLarge { what: "nesting", max: self.limits.depth_max });
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self, mut element: Element) -> Result<(), E> {
        element.text = element.text.trim().to_owned();
        let size = element.size();
        match (self.ended)(&self.open, element)? {
            Some(kept) => self.innermost().children.push(kept),
            None => self.elements -= size,
        }
        Ok(())
    }

    fn push(&mut self, text: &str) -> Result<(), CamtError> {
        let most = self.limits.text_max;
        let element = self.innermost();
        // Blanks between elements are not text.
        if text.trim().is_empty() && (element.text.is_empty() || !element.children.is_empty()) {
            return Ok(());
        }
        if element.text.len() + text.len() > most {
            return Err(CamtError::TooLarge { what: "bytes of one text", max: most });
        }
        element.text.push_str(text);
        Ok(())
    }

    fn innermost(&mut self) -> &mut Element {
        self.open.last_mut().expect("the document is closed by nobody")
    }
}

fn element(start: &BytesStart<'_>, position: u64) -> Result<Element, CamtError> {
    let bad = CamtError::Xml { position, reason: "a malformed attribute or name" };
    let name = start.local_name().into_inner().to_owned();
    let mut element = Element { name, ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| bad.clone())?;
        let wanted = match attribute.key.as_ref() {
            "Ccy" => &mut element.currency,
            "xmlns" => &mut element.namespace,
            _ => continue,
        };
        *wanted = Some(attribute.value.into_owned());
    }
    Ok(element)
}

fn named_entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

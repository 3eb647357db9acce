//! A small tree of elements, read within bounds: local names, text, and the currency attribute.
//!
//! Document type declarations are refused, so no entity but the five of XML itself is ever expanded. Namespace
//! prefixes are dropped: banks use one namespace per message.

use super::error::CamtError;
use super::limits::CamtLimits;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    /// The `Ccy` attribute.
    pub(super) currency: Option<String>,
    /// The value of `xmlns`, on the root only of interest.
    pub(super) namespace: Option<String>,
    /// The text directly inside, trimmed.
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// The children of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> + 'a {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of that name.
    pub(super) fn first(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first element at the end of a path of names.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.first(name))
    }

    /// The text at the end of a path, when there is any.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<String> {
        self.at(path).map(|node| node.text.clone()).filter(|text| !text.is_empty())
    }
}

/// Reads the root element.
pub(super) fn read(text: &str, limits: &CamtLimits) -> Result<Node, CamtError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open: Vec<Node> = vec![Node::default()];
    let mut elements = 0usize;
    loop {
        let position = reader.buffer_position();
        let event = reader.read_event().map_err(|_| CamtError::Xml { position, reason: "not well-formed" })?;
        match event {
            Event::Start(start) => {
                count(&mut elements, limits)?;
                if open.len() > limits.depth_max {
                    return Err(CamtError::TooLarge { what: "nesting", max: limits.depth_max });
                }
                open.push(node(&start, position)?);
            }
            Event::Empty(start) => {
                count(&mut elements, limits)?;
                let node = node(&start, position)?;
                innermost(&mut open).children.push(node);
            }
            Event::End(_) => {
                let mut node = open.pop().unwrap_or_default();
                node.text = node.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return Err(CamtError::Xml { position, reason: "an end tag without its start" }),
                }
            }
            Event::Text(part) => {
                push(innermost(&mut open), &part, limits)?;
            }
            Event::CData(part) => {
                push(innermost(&mut open), &part, limits)?;
            }
            Event::GeneralRef(reference) => {
                let unknown = CamtError::Xml { position, reason: "an unknown entity" };
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => character,
                    Ok(None) => named_entity(&reference).ok_or(unknown)?,
                    Err(_) => return Err(unknown),
                };
                push(innermost(&mut open), character.encode_utf8(&mut [0; 4]), limits)?;
            }
            Event::DocType(_) => {
                return Err(CamtError::Xml { position, reason: "document type declarations are refused" });
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    let mut document = match (open.pop(), open.is_empty()) {
        (Some(document), true) => document,
        _ => return Err(CamtError::Xml { position: text.len() as u64, reason: "an element without end" }),
    };
    if document.children.len() != 1 || !document.text.trim().is_empty() {
        return Err(CamtError::Xml { position: 0, reason: "there must be one root element" });
    }
    Ok(document.children.remove(0))
}

fn node(start: &BytesStart<'_>, position: u64) -> Result<Node, CamtError> {
    let bad = CamtError::Xml { position, reason: "a malformed attribute or name" };
    let name = start.local_name().into_inner().to_owned();
    let mut node = Node { name, ..Node::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| bad.clone())?;
        let wanted = match attribute.key.as_ref() {
            "Ccy" => &mut node.currency,
            "xmlns" => &mut node.namespace,
            _ => continue,
        };
        *wanted = Some(attribute.value.into_owned());
    }
    Ok(node)
}

/// The element that is open now; the invisible document node is never closed.
fn innermost(open: &mut [Node]) -> &mut Node {
    open.last_mut().expect("the document node is closed by nobody")
}

fn push(node: &mut Node, text: &str, limits: &CamtLimits) -> Result<(), CamtError> {
    // Blanks between elements are not text.
    if text.trim().is_empty() && (node.text.is_empty() || !node.children.is_empty()) {
        return Ok(());
    }
    if node.text.len() + text.len() > limits.text_max {
        return Err(CamtError::TooLarge { what: "bytes of one text", max: limits.text_max });
    }
    node.text.push_str(text);
    Ok(())
}

fn count(elements: &mut usize, limits: &CamtLimits) -> Result<(), CamtError> {
    *elements += 1;
    if *elements > limits.elements_max {
        return Err(CamtError::TooLarge { what: "elements", max: limits.elements_max });
    }
    Ok(())
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

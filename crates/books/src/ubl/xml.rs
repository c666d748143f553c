//! XML as a tree of elements with their places, within limits. quick-xml reads; nothing is expanded but the five entities of XML itself and
//! references to characters.

use super::Space;
use crate::fault::{Fault, quoted};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

/// A file at most: some 10,000 lines of an invoice.
pub const BYTES_MAX: usize = 16 * 1024 * 1024;
/// Elements inside each other at most; a document of the profile needs eight.
pub const DEPTH_MAX: usize = 16;
/// Elements at most.
pub const ELEMENTS_MAX: usize = 400_000;
/// Attributes of an element at most, namespaces included.
const ATTRIBUTES_MAX: usize = 40;

/// An element.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) space: Space,
    pub(super) name: String,
    /// Where it begins, in bytes.
    offset: usize,
    /// Attributes without a namespace.
    pub(super) attributes: Vec<(String, String)>,
    /// Its text, the parts between its children together.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

/// A file that was read, and the element at its top.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    source: &'a str,
    pub(super) root: Element,
}

impl Tree<'_> {
    /// Line and column of an element, from 1.
    pub(super) fn place(&self, element: &Element) -> (u64, u64) {
        place(self.source, element.offset)
    }
}

/// Line and column, in characters and from 1, of a byte.
fn place(source: &str, offset: usize) -> (u64, u64) {
    let mut end = offset.min(source.len());
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let before = &source[..end];
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
    (u64::try_from(line).unwrap_or(u64::MAX), u64::try_from(column).unwrap_or(u64::MAX))
}

/// Reads a file into a tree. What is wrong here leaves nothing to go on with, so there is one fault.
pub(super) fn parse(bytes: &[u8]) -> Result<Tree<'_>, Fault> {
    if bytes.len() > BYTES_MAX {
        return Err(Fault::new("file", format!("more than {BYTES_MAX} bytes"), "send several documents"));
    }
    let source = match std::str::from_utf8(bytes) {
        Ok(source) => source,
        Err(error) => {
            let before = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let (line, column) = place(before, before.len());
            return Err(Fault::new("file", "not UTF-8", "save it as UTF-8").at(line, column));
        }
    };
    let mut parser = Parser { reader: NsReader::from_str(source), open: Vec::new(), root: None, elements: 0 };
    loop {
        let offset = usize::try_from(parser.reader.buffer_position()).unwrap_or(usize::MAX);
        match parser.step(offset) {
            Ok(true) => {}
            Ok(false) => break,
            Err((field, wrong, remedy)) => {
                let (line, column) = place(source, offset);
                return Err(Fault::new(field, wrong, remedy).at(line, column));
            }
        }
    }
    match parser.root {
        Some(root) => Ok(Tree { source, root }),
        None => {
            Err(Fault::new("file", "there is no element in it", "send a UBL invoice or credit note").at(1, 1))
        }
    }
}

/// Field, what is wrong, and what to do.
type Wrong = (String, String, String);

fn wrong<T>(what: impl Into<String>, remedy: impl Into<String>) -> Result<T, Wrong> {
    Err(("file".into(), what.into(), remedy.into()))
}

struct Parser<'a> {
    reader: NsReader<&'a [u8]>,
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Parser<'_> {
    /// Takes one event; false at the end of the file.
    fn step(&mut self, offset: usize) -> Result<bool, Wrong> {
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => return wrong(format!("not well-formed XML: {error}"), "correct the file"),
        };
        match event {
            Event::Start(start) => {
                let element = self.element(&start, offset)?;
                self.open.push(element);
            }
            Event::Empty(start) => {
                let element = self.element(&start, offset)?;
                self.close(element)?;
            }
            Event::End(_) => {
                if let Some(element) = self.open.pop() {
                    self.close(element)?;
                }
            }
            Event::Text(text) => self.text(&text.xml10_content())?,
            Event::CData(text) => self.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let letter = character(&reference)?;
                self.text(letter.encode_utf8(&mut [0; 4]))?;
            }
            Event::Decl(declaration) => {
                let utf8 = declaration.encoding().is_none_or(|encoding| {
                    encoding.is_ok_and(|encoding| encoding.eq_ignore_ascii_case("utf-8"))
                });
                if !utf8 {
                    return wrong("it declares another encoding than UTF-8", "save it as UTF-8");
                }
            }
            Event::Comment(_) => {}
            Event::DocType(_) => {
                return wrong(
                    "it has a document type declaration (DTD)",
                    "leave <!DOCTYPE …> out: UBL has none",
                );
            }
            Event::PI(_) => return wrong("it has a processing instruction", "leave <?…?> out"),
            Event::Eof => {
                return if self.open.is_empty() {
                    Ok(false)
                } else {
                    wrong("it ends inside an element", "send the whole file")
                };
            }
        }
        Ok(true)
    }

    fn element(&mut self, start: &BytesStart<'_>, offset: usize) -> Result<Element, Wrong> {
        self.elements += 1;
        if self.elements > ELEMENTS_MAX || self.open.len() >= DEPTH_MAX {
            return wrong(
                format!("more than {ELEMENTS_MAX} elements, or more than {DEPTH_MAX} inside each other"),
                "send several documents, in the structure of UBL",
            );
        }
        let name = start.local_name().into_inner().to_owned();
        let (namespace, _) = self.reader.resolver().resolve_element(start.name());
        let space = match namespace {
            ResolveResult::Bound(namespace) => {
                Space::ALL.into_iter().find(|space| space.uri() == namespace.into_inner())
            }
            _ => None,
        };
        let Some(space) = space else {
            let at: String =
                self.open.iter().map(|open| format!("/{}{}", open.space.prefix(), open.name)).collect();
            return Err((
                format!("{at}/{}", quoted(start.name().into_inner()).trim_matches('"')),
                "it is in none of UBL's namespaces".into(),
                format!(
                    "declare {} or {} for the document, and {} and {} for what is in it",
                    Space::Invoice.uri(),
                    Space::CreditNote.uri(),
                    Space::Aggregate.uri(),
                    Space::Basic.uri()
                ),
            ));
        };
        let mut attributes = Vec::new();
        for (index, attribute) in start.attributes().enumerate() {
            let attribute = match attribute {
                Ok(attribute) if index < ATTRIBUTES_MAX => attribute,
                Ok(_) => {
                    return wrong(
                        format!("<{name}> has more than {ATTRIBUTES_MAX} attributes"),
                        "leave them out",
                    );
                }
                Err(error) => return wrong(format!("not well-formed XML: {error}"), "correct the file"),
            };
            let key = attribute.key.into_inner();
            if key == "xmlns" || key.contains(':') {
                continue;
            }
            let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => value.into_owned(),
                Err(error) => {
                    return wrong(format!("attribute {}: {error}", quoted(key)), "correct the file");
                }
            };
            attributes.push((key.to_owned(), value));
        }
        Ok(Element { space, name, offset, attributes, text: String::new(), children: Vec::new() })
    }

    fn close(&mut self, element: Element) -> Result<(), Wrong> {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if self.root.is_some() => {
                return wrong("more than one element at the top", "send one document a file");
            }
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Wrong> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            // A byte order mark may stand before everything.
            None if text.trim().trim_start_matches('\u{feff}').is_empty() => {}
            None => return wrong("there is text outside the document", "correct the file"),
        }
        Ok(())
    }
}

/// The character that a reference stands for.
fn character(reference: &BytesRef<'_>) -> Result<char, Wrong> {
    let name: &str = reference;
    match reference.resolve_char_ref() {
        Ok(Some(letter)) => return Ok(letter),
        Ok(None) => {}
        Err(error) => return wrong(format!("not well-formed XML: {error}"), "correct the file"),
    }
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => wrong(
            format!("entity {} is not one of XML's own", quoted(name)),
            "write the character itself: entities are not expanded",
        ),
    }
}

//! Rust source as tokens: the modules of a crate, what each one defines, imports and mentions.
//!
//! Tokens suffice, and hold what a syntax tree would hide: paths inside macro calls. Code under `#[cfg(test)]` is left
//! out, because tests may look at everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    iter::Peekable,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree, token_stream::IntoIter};

/// The modules of one crate, the root first.
pub(super) struct Crate {
    pub(super) modules: Vec<Module>,
}

/// One module: a file, or an inline module in one.
#[derive(Default)]
pub(super) struct Module {
    pub(super) file: PathBuf,
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    pub(super) imports: Vec<Import>,
    /// Items that the module defines under a name.
    pub(super) defined: BTreeSet<String>,
    /// Paths of at least two segments outside `use` declarations.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// Identifiers outside `use` declarations.
    pub(super) mentioned: BTreeSet<String>,
}

/// One leaf of a `use` declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    /// The name in this module; none for `*`.
    pub(super) name: Option<String>,
    /// Whether others see the name through this module.
    pub(super) is_export: bool,
}

impl Crate {
    /// Reads the crate whose root is the file `root`.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut own = Self { modules: Vec::new() };
        let folder = root.parent().context("a file lies in a folder")?;
        own.read_file(root, folder, None)?;
        Ok(own)
    }

    /// Reads a module from its file; those below it lie in `folder`.
    fn read_file(&mut self, file: &Path, folder: &Path, parent: Option<usize>) -> Result<usize> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let tokens = tokens(&text).with_context(|| file.display().to_string())?;
        self.read_tokens(tokens, file, folder, parent)
    }

    fn read_tokens(&mut self, tokens: TokenStream, file: &Path, folder: &Path, parent: Option<usize>) -> Result<usize> {
        let number = self.modules.len();
        let mut items = Items::default();
        items.read(tokens);
        let Items { imports, defined, paths, mentioned, modules } = items;
        self.modules.push(Module {
            file: file.to_owned(),
            parent,
            children: BTreeMap::new(),
            imports,
            defined,
            paths,
            mentioned,
        });
        for (name, inline) in modules {
            let below = folder.join(&name);
            let child = match inline {
                Some(tokens) => self.read_tokens(tokens, file, &below, Some(number))?,
                None => {
                    let beside = folder.join(format!("{name}.rs"));
                    let file = if beside.is_file() { beside } else { below.join("mod.rs") };
                    self.read_file(&file, &below, Some(number))?
                }
            };
            self.modules[number].children.insert(name, child);
        }
        Ok(number)
    }

    /// A crate of modules without files, for tests: names of modules with their sources, parents before children.
    pub(super) fn forged(modules: &[(&str, &str)]) -> Result<Self> {
        let mut own = Self { modules: Vec::new() };
        for (path, source) in modules {
            let mut items = Items::default();
            items.read(tokens(source)?);
            let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
            let parent = own.modules.iter().position(|module| module.file == Path::new(above));
            let number = own.modules.len();
            if let Some(parent) = parent {
                own.modules[parent].children.insert(name.to_owned(), number);
            }
            let Items { imports, defined, paths, mentioned, .. } = items;
            let file = PathBuf::from(path);
            own.modules.push(Module { file, parent, imports, defined, paths, mentioned, ..Module::default() });
        }
        Ok(own)
    }
}

/// The tokens of a source text.
pub(super) fn tokens(text: &str) -> Result<TokenStream> {
    TokenStream::from_str(text).map_err(|error| anyhow!("{error}"))
}

/// What is found in the tokens of one module.
#[derive(Default)]
struct Items {
    imports: Vec<Import>,
    defined: BTreeSet<String>,
    paths: BTreeSet<Vec<String>>,
    mentioned: BTreeSet<String>,
    /// Modules below, with their tokens when they stand in the same file.
    modules: Vec<(String, Option<TokenStream>)>,
}

type Tokens = Peekable<IntoIter>;

impl Items {
    /// Reads the items of a module.
    fn read(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut is_export = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    if is_for_tests(tokens.peek()) {
                        skip_item(&mut tokens);
                    }
                }
                TokenTree::Ident(word) => match word.to_string().as_str() {
                    "pub" => {
                        is_export = true;
                        continue;
                    }
                    "use" => self.imports.extend(use_tree(&mut tokens, &[], is_export)),
                    "mod" => self.read_module(&mut tokens),
                    "struct" | "enum" | "union" | "trait" | "type" | "const" | "static" | "fn" => {
                        self.define(&mut tokens);
                        self.read_body_until_end(&mut tokens);
                    }
                    "macro_rules" => {
                        tokens.next();
                        self.define(&mut tokens);
                    }
                    word => self.mention(word, &mut tokens),
                },
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis && is_export => continue,
                TokenTree::Group(group) => self.read_body(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            is_export = false;
        }
    }

    fn read_module(&mut self, tokens: &mut Tokens) {
        let Some(TokenTree::Ident(name)) = tokens.next() else { return };
        let inline = match tokens.next() {
            Some(TokenTree::Group(group)) => Some(group.stream()),
            _ => None,
        };
        self.modules.push((name.to_string(), inline));
    }

    fn define(&mut self, tokens: &mut Tokens) {
        if let Some(TokenTree::Ident(name)) = tokens.peek() {
            // `const fn`, `const _`: the name comes with the next word or not at all.
            if *name != "fn" && *name != "_" {
                self.defined.insert(name.to_string());
            }
        }
    }

    /// Reads an item from its name to its end: a semicolon or a pair of braces.
    fn read_body_until_end(&mut self, tokens: &mut Tokens) {
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ';' => return,
                TokenTree::Group(group) => {
                    let ends = group.delimiter() == Delimiter::Brace;
                    self.read_body(group.stream());
                    if ends {
                        return;
                    }
                }
                TokenTree::Ident(word) if word == "fn" => self.define(tokens),
                TokenTree::Ident(word) => self.mention(&word.to_string(), tokens),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Reads what is no list of items: the inside of functions, types and macro calls.
    fn read_body(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_for_tests(tokens.peek()) => {
                    skip_item(&mut tokens);
                }
                TokenTree::Ident(word) if word == "use" => {
                    for Import { path, .. } in use_tree(&mut tokens, &[], false) {
                        self.paths.insert(path);
                    }
                }
                TokenTree::Ident(word) => self.mention(&word.to_string(), &mut tokens),
                TokenTree::Group(group) => self.read_body(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Takes note of a word and of the path that begins with it.
    fn mention(&mut self, word: &str, tokens: &mut Tokens) {
        self.mentioned.insert(word.to_owned());
        let mut path = vec![word.to_owned()];
        while skip_colons(tokens) {
            match tokens.peek() {
                Some(TokenTree::Ident(next)) => {
                    path.push(next.to_string());
                    tokens.next();
                }
                _ => break,
            }
        }
        if path.len() > 1 {
            self.paths.insert(path);
        }
    }
}

/// Whether an attribute, of which the `#` has been read, keeps its item for tests.
fn is_for_tests(attribute: Option<&TokenTree>) -> bool {
    matches!(attribute, Some(TokenTree::Group(group)) if group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// Skips an item up to its semicolon or its braces.
fn skip_item(tokens: &mut Tokens) {
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            _ => {}
        }
    }
}

/// Skips `::` if it comes next.
fn skip_colons(tokens: &mut Tokens) -> bool {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    let mut ahead = tokens.clone();
    let found = is_colon(ahead.next().as_ref()) && is_colon(ahead.next().as_ref());
    if found {
        *tokens = ahead;
    }
    found
}

/// Reads the tree of a `use` declaration up to its semicolon, or one branch of it up to a comma.
fn use_tree(tokens: &mut Tokens, before: &[String], is_export: bool) -> Vec<Import> {
    let mut path = before.to_vec();
    let mut name = None;
    let mut imports = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if matches!(punct.as_char(), ';' | ',') => break,
            TokenTree::Punct(punct) if punct.as_char() == '*' => {
                imports.push(Import { path: path.clone(), name: None, is_export });
                path.clear();
            }
            TokenTree::Ident(word) if word == "as" => {
                name = tokens.next().map(|token| token.to_string());
            }
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Group(group) => {
                imports.extend(branches(&group, &path, is_export));
                path.clear();
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    if path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let last = path.last().cloned();
    if path.len() > before.len() || (last.is_some() && imports.is_empty()) {
        imports.push(Import { name: name.or(last), path, is_export });
    }
    imports
}

fn branches(group: &Group, before: &[String], is_export: bool) -> Vec<Import> {
    let mut tokens = group.stream().into_iter().peekable();
    let mut imports = Vec::new();
    while tokens.peek().is_some() {
        imports.extend(use_tree(&mut tokens, before, is_export));
    }
    imports
}

#[test]
fn the_leaves_of_a_use_declaration_are_found() -> Result<()> {
    let mut items = Items::default();
    items.read(tokens("pub(crate) use crate::{a::{self, B as C}, d::*, e::F}; use super::g;")?);
    let leaf = |path: &str, name: Option<&str>, is_export| Import {
        path: path.split("::").map(str::to_owned).collect(),
        name: name.map(str::to_owned),
        is_export,
    };
    let expected = [
        leaf("crate::a", Some("a"), true),
        leaf("crate::a::B", Some("C"), true),
        leaf("crate::d", None, true),
        leaf("crate::e::F", Some("F"), true),
        leaf("super::g", Some("g"), false),
    ];
    assert_eq!(items.imports, expected);
    Ok(())
}

#[test]
fn paths_are_found_everywhere_but_in_tests_comments_and_strings() -> Result<()> {
    let source = r#"
        /// See [`super::comment::C`].
        pub const fn one(x: super::kind::K) -> u8 { let t = "super::text::T"; call!(crate::inside::M); x.into() }
        #[cfg(test)]
        mod tests { use super::unseen::U; }
        impl From<crate::a::A> for crate::b::B {}
    "#;
    let mut items = Items::default();
    items.read(tokens(source)?);
    let found: Vec<String> = items.paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["crate::a::A", "crate::b::B", "crate::inside::M", "super::kind::K"]);
    assert!(items.defined.contains("one"), "{:?}", items.defined);
    Ok(())
}

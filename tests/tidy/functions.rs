//! How long functions are, and what else is counted in the tokens of a file.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A function, and its lines from `fn` to the closing brace.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) lines: usize,
}

/// All functions with a body, those inside others too.
pub(super) fn functions(tokens: TokenStream) -> Vec<Function> {
    let mut found = Vec::new();
    // The function whose body has not come yet: its name and first line.
    let mut open: Option<(String, usize)> = None;
    let mut after_fn = None;
    for token in tokens {
        match token {
            TokenTree::Ident(word) if word == "fn" => after_fn = Some(word.span().start().line),
            TokenTree::Ident(word) => {
                if let Some(line) = after_fn.take() {
                    open = Some((word.to_string(), line));
                }
            }
            TokenTree::Punct(punct) => {
                after_fn = None;
                if punct.as_char() == ';' {
                    open = None;
                }
            }
            TokenTree::Group(group) => {
                after_fn = None;
                if group.delimiter() == Delimiter::Brace
                    && let Some((name, start)) = open.take()
                {
                    found.push(Function { name, lines: group.span_close().end().line + 1 - start });
                }
                found.extend(functions(group.stream()));
            }
            TokenTree::Literal(_) => {}
        }
    }
    found
}

/// String literals of the form `contract:Function`.
pub(super) fn contract_functions(tokens: TokenStream) -> usize {
    let count = |token| match token {
        TokenTree::Literal(literal) => usize::from(is_contract_function(&literal.to_string())),
        TokenTree::Group(group) => contract_functions(group.stream()),
        TokenTree::Ident(_) | TokenTree::Punct(_) => 0,
    };
    tokens.into_iter().map(count).sum()
}

fn is_contract_function(literal: &str) -> bool {
    let Some((contract, function)) = literal.trim_matches('"').split_once(':') else { return false };
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    !contract.is_empty()
        && contract.bytes().all(|byte| byte.is_ascii_lowercase())
        && function.starts_with(|first: char| first.is_ascii_uppercase())
        && is_word(function)
}

/// Fields of public structs that are plain texts: `String`, `Option<String>` or `Vec<String>`.
pub(super) fn text_fields(tokens: TokenStream) -> usize {
    let (mut count, mut is_struct) = (0, false);
    for token in tokens {
        match token {
            TokenTree::Ident(word) if word == "struct" => is_struct = true,
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_struct = false,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && is_struct => {
                is_struct = false;
                count += types_of_fields(group.stream()).iter().filter(|kind| is_plain_text(kind)).count();
            }
            TokenTree::Group(group) => count += text_fields(group.stream()),
            _ => {}
        }
    }
    count
}

/// The types of a struct's fields, without spaces, each up to its first comma.
fn types_of_fields(fields: TokenStream) -> Vec<String> {
    let mut types = Vec::new();
    let mut kind: Option<String> = None;
    let mut is_attribute = false;
    for token in fields {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => types.extend(kind.take()),
            TokenTree::Punct(punct) if punct.as_char() == ':' && kind.is_none() => kind = Some(String::new()),
            TokenTree::Punct(punct) if punct.as_char() == '#' && kind.is_none() => is_attribute = true,
            TokenTree::Group(_) if is_attribute => is_attribute = false,
            token => kind = kind.map(|kind| kind + &token.to_string()),
        }
    }
    types.extend(kind);
    types
}

fn is_plain_text(kind: &str) -> bool {
    ["String", "Option<String>", "Vec<String>"].contains(&kind)
}

#[test]
fn functions_are_measured_with_those_inside_them() -> anyhow::Result<()> {
    let source = "trait T { fn none(&self); }\nfn outer(f: fn(u8) -> u8) -> u8 {\n    fn inner() {}\n    f(1)\n}\n";
    let found = functions(super::source::tokens(source)?);
    let found: Vec<_> = found.iter().map(|function| (function.name.as_str(), function.lines)).collect();
    assert_eq!(found, [("outer", 4), ("inner", 1)]);
    Ok(())
}

#[test]
fn names_of_contract_functions_and_plain_text_fields_are_counted() -> anyhow::Result<()> {
    let source = r#"
        pub struct A { pub one: String, pub two: Option<String>, pub three: Vec<String>, pub four: Vec<Vec<String>>,
            /// A public: String, or not.
            #[serde(default)] pub five: Name, pub six: String }
        fn f() { call!("item:Capture", "item:capture", "urn:Epc:Id", "customs:ReadTariff") }
    "#;
    assert_eq!(text_fields(super::source::tokens(source)?), 4);
    assert_eq!(contract_functions(super::source::tokens(source)?), 2);
    Ok(())
}

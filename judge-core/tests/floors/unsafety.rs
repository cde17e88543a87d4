//! Where `unsafe` stands, and whether it says why it is sound.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{Source, Violation};

/// Every `unsafe` outside of `room`, or in it without a reason directly above, which is a comment
/// with `SAFETY:` (or, for a function that is unsafe to call, documentation with `# Safety`); and
/// outside every attribute that would allow it.
pub fn violations(source: &Source, room: &str) -> Vec<Violation> {
    let inside = source.file.starts_with(room);
    let mut found = Vec::new();
    search(&source.tokens, None, &mut found);
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let wrong = found.into_iter().filter_map(|found| {
        let what = match found.kind {
            _ if !inside => format!("unsafe code belongs into {room}"),
            Kind::Code if !is_argued(&lines, found.line) && !is_argued(&lines, found.statement) => {
                "no SAFETY comment directly above".to_owned()
            }
            Kind::Code | Kind::Allowed => return None,
        };
        Some(Violation { file: source.file.clone(), line: found.line, what })
    });
    wrong.collect()
}

/// Whether a crate's root has `#![forbid(unsafe_code)]`.
pub fn forbids(root: &Source) -> bool {
    root.tokens.to_string().replace(' ', "").contains("#![forbid(unsafe_code)]")
}

enum Kind {
    /// The keyword: a block, function, implementation, trait, foreign block or attribute.
    Code,
    /// An attribute that names the lint but to deny or forbid it.
    Allowed,
}

struct Found {
    kind: Kind,
    line: usize,
    /// Where the innermost statement or item begins.
    statement: usize,
}

fn search(tokens: &TokenStream, outer: Option<usize>, found: &mut Vec<Found>) {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut statement = outer;
    for (at, token) in tokens.iter().enumerate() {
        let line = token.span().start().line;
        let begun = *statement.get_or_insert(line);
        match token {
            TokenTree::Ident(ident) if ident == "unsafe" => {
                found.push(Found { kind: Kind::Code, line, statement: begun });
            }
            TokenTree::Ident(ident)
                if ["allow", "warn", "expect"].iter().any(|level| ident == level) =>
            {
                if let Some(TokenTree::Group(lints)) = tokens.get(at + 1)
                    && lints.stream().into_iter().any(|lint| lint.to_string() == "unsafe_code")
                {
                    found.push(Found { kind: Kind::Allowed, line, statement: begun });
                }
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                search(&group.stream(), None, found);
                if outer.is_none() {
                    statement = None;
                }
            }
            TokenTree::Group(group) => search(&group.stream(), Some(begun), found),
            TokenTree::Punct(end) if outer.is_none() && ";,>".contains(end.as_char()) => {
                // Of `>` only the arrow of a match arm ends something.
                let arrow = 0 < at
                    && matches!(&tokens[at - 1], TokenTree::Punct(before) if before.as_char() == '=');
                if end.as_char() != '>' || arrow {
                    statement = None;
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Whether the comment that ends just above `line` (from 1), attributes aside, argues.
fn is_argued(lines: &[&str], line: usize) -> bool {
    let above = lines[..line - 1].iter().rev();
    above.take_while(|text| text.starts_with("//") || text.starts_with("#[")).any(|text| {
        text.starts_with("//") && (text.contains("SAFETY:") || text.contains("# Safety"))
    })
}

//! Which rooms a source names.

use std::path::{Component, Path};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::{Room, Source, Violation};

/// What breaks the table `rooms` in the sources of the crate that others call `crate_name`. The
/// crate's root may name anything: it declares the rooms.
pub fn violations(crate_name: &str, rooms: &[Room], sources: &[Source]) -> Vec<Violation> {
    let mut all = Vec::new();
    for source in sources {
        let module = module_of(&source.file);
        let Some(own) = module.first() else {
            continue;
        };
        let Some(room) = rooms.iter().find(|room| room.name == own) else {
            all.push(violation(source, 1, format!("no table of floors knows the room `{own}`")));
            continue;
        };
        let mut named = Named { crate_name, found: Vec::new() };
        named.search(&source.tokens, &module);
        all.extend(named.found.into_iter().filter_map(|(line, what)| {
            let wrong = match what {
                Name::Hidden(how) => how.to_owned(),
                Name::Path(path) if path.is_empty() => {
                    "names the crate's root, behind which any room can hide".into()
                }
                Name::Path(path) if path[0] == room.name || may_use(room, &path) => return None,
                Name::Path(path) => match rooms.iter().find(|room| room.name == path[0]) {
                    Some(other)
                        if !room
                            .uses
                            .iter()
                            .any(|used| used.split("::").next() == Some(other.name)) =>
                    {
                        format!("`{}` may not use `{}`", room.name, other.name)
                    }
                    Some(_) => format!("`{}` may not use `{}`", room.name, path.join("::")),
                    None => format!("`{}` is in no room", path.join("::")),
                },
            };
            Some(violation(source, line, wrong))
        }));
    }
    all
}

fn violation(source: &Source, line: usize, what: String) -> Violation {
    Violation { file: source.file.clone(), line, what }
}

fn may_use(room: &Room, path: &[String]) -> bool {
    room.uses.iter().any(|used| {
        let used: Vec<&str> = used.split("::").collect();
        used.len() <= path.len() && used.iter().zip(path).all(|(used, named)| used == named)
    })
}

/// `judge-core/src/judging/package/mod.rs` is `["judging", "package"]`; `lib.rs` is the root.
fn module_of(file: &Path) -> Vec<String> {
    let inside = file.components().skip(2).filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let mut module: Vec<String> =
        inside.map(|name| name.trim_end_matches(".rs").to_owned()).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

/// Rooms whose files are crates of their own, which name the library as others do.
const OTHER_ROOTS: [&str; 2] = ["bin", "main"];

/// Something of the own crate that is named.
enum Name {
    /// From the root of the crate.
    Path(Vec<String>),
    /// In a way that tells no path.
    Hidden(&'static str),
}

struct Named<'a> {
    crate_name: &'a str,
    found: Vec<(usize, Name)>,
}

impl Named<'_> {
    /// Goes through `tokens`, which stand in `module`.
    fn search(&mut self, tokens: &TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let line = tokens[at].span().start().line;
            match &tokens[at] {
                TokenTree::Ident(ident) if ident == "mod" => {
                    if let [TokenTree::Ident(name), TokenTree::Group(body), ..] = &tokens[at + 1..]
                    {
                        let inner = [module, &[name.to_string()]].concat();
                        self.search(&body.stream(), &inner);
                        at += 3;
                        continue;
                    }
                }
                TokenTree::Ident(ident) if ident == "path" && is_punct(tokens.get(at + 1), '=') => {
                    if matches!(tokens.get(at + 2), Some(TokenTree::Literal(_))) {
                        self.found.push((
                            line,
                            Name::Hidden("`#[path]` hides in which room a file stands"),
                        ));
                    }
                }
                TokenTree::Ident(ident)
                    if ident == "include" && is_punct(tokens.get(at + 1), '!') =>
                {
                    self.found.push((
                        line,
                        Name::Hidden("`include!` hides in which room a source stands"),
                    ));
                }
                TokenTree::Ident(ident)
                    if ["crate", "self", "super", self.crate_name]
                        .iter()
                        .any(|name| ident == name) =>
                {
                    at = self.path(&tokens, at, module);
                    continue;
                }
                TokenTree::Literal(literal) => self.literal(&literal.to_string(), line, module),
                TokenTree::Group(group) => self.search(&group.stream(), module),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
            at += 1;
        }
    }

    /// A string that is nothing but a path: attributes such as serde's `with` hold such.
    fn literal(&mut self, literal: &str, line: usize, module: &[String]) {
        let text = literal.trim_matches('"');
        let is_path = text.contains("::")
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c));
        if is_path && let Ok(tokens) = text.parse::<TokenStream>() {
            let before = self.found.len();
            self.search(&tokens, module);
            self.found[before..].iter_mut().for_each(|(at, _)| *at = line);
        }
    }

    /// A path that begins with `tokens[at]`; where it ends.
    fn path(&mut self, tokens: &[TokenTree], at: usize, module: &[String]) -> usize {
        let line = tokens[at].span().start().line;
        let first = tokens[at].to_string();
        let imported =
            0 < at && ["use", "extern"].iter().any(|word| is_ident(&tokens[at - 1], word));
        let renamed =
            first != "self" && tokens.get(at + 1).is_some_and(|token| is_ident(token, "as"));
        if !is_path_separator(tokens, at + 1) && !imported && !renamed {
            return at + 1; // `self` as a value, `pub(crate)`
        }
        let mut prefix = module.to_vec();
        match first.as_str() {
            "self" => {}
            "super" => drop(prefix.pop()),
            "crate" if OTHER_ROOTS.contains(&module[0].as_str()) => prefix.truncate(1),
            _ => prefix.clear(),
        }
        let mut at = at + 1;
        while is_path_separator(tokens, at)
            && tokens.get(at + 2).is_some_and(|token| is_ident(token, "super"))
        {
            prefix.pop();
            at += 3;
        }
        self.rest(tokens, at, prefix, line)
    }

    /// What follows `prefix`: names, a list of such, or something that is no path any more.
    fn rest(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        mut prefix: Vec<String>,
        line: usize,
    ) -> usize {
        while is_path_separator(tokens, at) {
            match tokens.get(at + 2) {
                Some(TokenTree::Ident(name)) => {
                    prefix.push(name.to_string());
                    at += 3;
                }
                Some(TokenTree::Group(list)) if list.delimiter() == Delimiter::Brace => {
                    self.list(list, &prefix);
                    return at + 3;
                }
                // A star, a macro's variable, generic arguments.
                _ => break,
            }
        }
        self.found.push((line, Name::Path(prefix)));
        at
    }

    fn list(&mut self, list: &Group, prefix: &[String]) {
        let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
        for item in tokens.split(|token| is_punct(Some(token), ',')) {
            let Some(first) = item.first() else {
                continue;
            };
            let line = first.span().start().line;
            match first {
                TokenTree::Ident(name) if name != "self" => {
                    self.rest(item, 1, [prefix, &[name.to_string()]].concat(), line);
                }
                _ => self.found.push((line, Name::Path(prefix.to_vec()))),
            }
        }
    }
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

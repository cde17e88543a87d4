//! Languages as data: how to compile and how to run each of them.
//!
//! A language is one file in `sandbox-profiles/languages`; one more is one more file. What is
//! compiled is a [`Program`], which a slot can run as often as there are tests.

pub mod cache;

mod compile;
mod language;
mod probe;

pub use cache::{CacheError, CompileCache, Compiled};
pub use compile::{Compilation, CompileFailure, SourceFile, compile};
pub use language::{Language, LanguageError, Languages, Program};
pub use probe::{Availability, probe};

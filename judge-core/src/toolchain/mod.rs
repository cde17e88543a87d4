//! Languages as data: how to compile and how to run each of them.
//!
//! A language is one file in `sandbox-profiles/languages`; one more is one more file. What is
//! compiled is a [`Program`], which a slot can run as often as there are tests.

pub mod cache;

mod compile;
mod language;
mod prepared;
mod probe;

pub use cache::{CacheError, CompileCache, Compiled, make_cache_folder};
pub use compile::{Compilation, CompileFailure, SourceFile, compile, compile_with};
pub use language::{Language, LanguageError, Languages, PreparedRecipe, Program};
pub use prepared::{PrepareError, Prepared, PreparedFiles};
pub use probe::{Availability, probe};

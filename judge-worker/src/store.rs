//! History in `MySQL` or `SQLite`.

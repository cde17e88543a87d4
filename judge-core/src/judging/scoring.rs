//! Scores of test groups.

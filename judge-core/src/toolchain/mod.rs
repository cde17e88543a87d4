//! Languages as data: how to compile and how to run each of them.

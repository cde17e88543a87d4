//! Runs one untrusted program behind walls and reports what happened.

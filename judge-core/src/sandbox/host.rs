//! What this host offers to sandboxes.

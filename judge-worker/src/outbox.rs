//! Events on their way to the broker.

//! Where submissions come from.

//! Settings: flag, environment variable or key of `judge.toml`, in that order.

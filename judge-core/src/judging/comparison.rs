//! The default output validator: compares two outputs token by token.

//! The messages of the contract.

//! The profiles are part of the binary: building again when one of them changes.

fn main() {
    println!("cargo::rerun-if-changed=../sandbox-profiles");
    println!("cargo::rerun-if-changed=build.rs");
}

//! A binary that is nothing but a sandbox init, for users of the library whose own `main` they can't
//! reach into, such as test harnesses.

fn main() {
    judge_core::sandbox::init::main()
}

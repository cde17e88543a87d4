//! The tests of a verdict, as the public may see them: a hidden test has no field that could hold
//! its data.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    excerpt::{Excerpt, one_line},
    reason::Reason,
    verdict::VerdictCode,
};

/// The most tests a problem may have, so that a verdict of any problem fits into a message.
pub const MAX_TESTS: usize = 1_000;

/// A piece of the data of a public test.
pub type TestExcerpt = Excerpt<{ 4 * 1024 }>;

/// One judged test.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "visibility", rename_all = "camelCase")]
pub enum TestReport {
    /// A test whose data everyone may see.
    Public(PublicTest),
    /// A test of which nothing but the result may be seen.
    Hidden(HiddenTest),
}

/// What is said of every test.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestFacts {
    /// Its place among the tests of the problem, from 1.
    pub ordinal: u32,
    /// The group it belongs to, if the problem has groups.
    pub group: Option<GroupName>,
    /// What the run means.
    pub verdict: VerdictCode,
    /// User and system time of all processes, in milliseconds.
    pub cpu_time_ms: Option<u64>,
    /// Time on the clock, in milliseconds.
    pub wall_time_ms: Option<u64>,
    /// The peak, in KiB; `null` where the host cannot measure it.
    pub memory_kib: Option<u64>,
    /// Why the verdict is not `AC`.
    pub reason: Option<Reason>,
}

/// A public test.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicTest {
    /// The result.
    #[serde(flatten)]
    pub facts: TestFacts,
    /// What it was run on and what came out.
    #[serde(flatten)]
    pub data: PublicData,
}

/// The data of a public test, each piece trimmed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicData {
    /// What the program read; in mode `custom`, the user's own input.
    pub input: Option<TestExcerpt>,
    /// A right answer; `null` in mode `custom`.
    pub expected: Option<TestExcerpt>,
    /// What the program wrote to standard output.
    pub actual: Option<TestExcerpt>,
    /// What the program wrote to standard error.
    pub stderr: Option<TestExcerpt>,
    /// What the output validator remarked.
    pub checker_message: Option<TestExcerpt>,
}

/// A hidden test. There is no place for its data here, and there must never be one:
///
/// ```
/// # use judge_worker::message::{HiddenTest, PublicData, PublicTest, TestFacts};
/// fn tests(facts: TestFacts, data: PublicData) -> (HiddenTest, PublicTest) {
///     (HiddenTest { facts: facts.clone() }, PublicTest { facts, data })
/// }
/// ```
/// ```compile_fail
/// # use judge_worker::message::{HiddenTest, PublicData, PublicTest, TestFacts};
/// fn tests(facts: TestFacts, data: PublicData) -> (HiddenTest, PublicTest) {
///     (HiddenTest { facts: facts.clone(), data: data.clone() }, PublicTest { facts, data })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    description = "A hidden test. There is no place for its data here, and there must never be one."
)]
pub struct HiddenTest {
    /// The result.
    #[serde(flatten)]
    pub facts: TestFacts,
}

/// The judged tests of one verdict, at most [`MAX_TESTS`], with excerpts that fit into a message
/// all together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transparent, inline)]
pub struct Tests(Vec<TestReport>);

/// More tests than [`MAX_TESTS`]: a problem like that is refused when it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} tests in one verdict, at most {MAX_TESTS} fit into a message")]
pub struct TooManyTests {
    /// How many there are.
    pub found: usize,
}

impl Tests {
    /// What all excerpts may take together, in bytes of JSON.
    const EXCERPTS_BYTES: usize = 320 * 1024;

    /// The excerpts of one public test.
    const EXCERPTS_PER_TEST: usize = 5;

    /// How large one excerpt may be where `public_tests` share a message.
    fn excerpt_bytes(public_tests: usize) -> usize {
        let excerpts = public_tests.max(1).saturating_mul(Self::EXCERPTS_PER_TEST);
        let marks = excerpts.saturating_mul(TestExcerpt::MAX_MARK_BYTES);
        Self::EXCERPTS_BYTES.saturating_sub(marks) / excerpts
    }

    /// Cuts the excerpts down to their share of the message.
    pub fn new(mut tests: Vec<TestReport>) -> Result<Self, TooManyTests> {
        if tests.len() > MAX_TESTS {
            return Err(TooManyTests { found: tests.len() });
        }
        let public_tests = tests.iter().filter(|t| matches!(t, TestReport::Public(_))).count();
        let max_bytes = Self::excerpt_bytes(public_tests);
        for test in &mut tests {
            if let TestReport::Public(test) = test {
                test.data.pieces_mut().into_iter().flatten().for_each(|e| e.shrink_to(max_bytes));
            }
        }
        Ok(Self(tests))
    }

    /// In the order in which they were given.
    pub fn as_slice(&self) -> &[TestReport] {
        &self.0
    }

    /// The largest of what `measure` finds in any test.
    pub fn maximum(&self, measure: impl Fn(&TestFacts) -> Option<u64>) -> Option<u64> {
        self.0.iter().filter_map(|test| measure(test.facts())).max()
    }
}

impl TestReport {
    /// What is said of every test.
    pub fn facts(&self) -> &TestFacts {
        match self {
            Self::Public(PublicTest { facts, .. }) | Self::Hidden(HiddenTest { facts }) => facts,
        }
    }
}

impl PublicData {
    fn pieces_mut(&mut self) -> [Option<&mut TestExcerpt>; Tests::EXCERPTS_PER_TEST] {
        let Self { input, expected, actual, stderr, checker_message } = self;
        [input, expected, actual, stderr, checker_message].map(Option::as_mut)
    }
}

/// The name of a group of tests, on one line of at most [`GroupName::MAX_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct GroupName(String);

impl GroupName {
    /// The longest that is shown whole.
    pub const MAX_BYTES: usize = 48;

    /// Cuts what is too long, and shows control characters instead of obeying them.
    pub fn new(name: &str) -> Self {
        Self(one_line(name, Self::MAX_BYTES))
    }

    /// What is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for GroupName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GroupName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": Self::MAX_BYTES })
    }
}

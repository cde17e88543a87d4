//! What a front end draws while it waits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ids::{RequestId, RoomId, SubmissionId},
    routing::routing_key,
    scalar::{SchemaVersion, Timestamp},
};

/// How far the judging of one submission has come. It may be lost, and the verdict does not wait
/// for it. Steps to send come from a [`super::ProgressThrottle`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Tells events apart.
    #[serde(rename = "type")]
    pub event: ProgressTag,
    /// The version of this schema.
    pub schema_version: SchemaVersion,
    /// The request it is about.
    pub request_id: RequestId,
    /// What is being judged.
    pub submission_id: SubmissionId,
    /// Where the submission came from.
    pub room_id: Option<RoomId>,
    /// Greater than in every earlier progress message of the request. What arrives with a smaller
    /// one is out of date.
    pub seq: u64,
    /// What the worker is doing.
    pub stage: Stage,
    /// Tests that are judged.
    pub tests_done: u32,
    /// Tests that will be judged if none fails; 0 while that is not known.
    pub tests_total: u32,
    /// When it was sent.
    pub at: Timestamp,
}

/// The constant `type` of a progress message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum ProgressTag {
    /// The one value.
    #[default]
    Progress,
}

/// What the worker is doing, in this order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum Stage {
    /// A worker has the submission.
    Received,
    /// The program is compiled, or checked where nothing needs compiling.
    Compiling,
    /// Tests run.
    Running,
}

impl Progress {
    /// `progress.<roomId>.<submissionId>`.
    pub fn routing_key(&self) -> String {
        let room = self.room_id.as_ref().map(RoomId::as_str);
        routing_key("progress", room, Some(self.submission_id.as_str()))
    }

    /// The body of the message, on one line.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map has a key that is not a string")
    }
}

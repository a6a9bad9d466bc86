//! A picture or document that was sent.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    pub id: String,
    pub name: String,
    /// In bytes.
    pub size: u64,
    pub is_picture: bool,
    /// Advice such as “图片较模糊”.
    pub warnings: Vec<String>,
}

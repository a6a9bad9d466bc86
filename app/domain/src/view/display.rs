//! 显示设置: how an officer likes the desk.

use serde::{Deserialize, Serialize};

/// A column of the queue that an officer can do without. The others are always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueColumn {
    Reference,
    Subject,
    Region,
    Submitted,
    Age,
}

crate::codes! {
    QueueColumn {
        Reference = "reference",
        Subject = "subject",
        Region = "region",
        Submitted = "submitted",
        Age = "age",
    }
}

impl QueueColumn {
    pub const fn label(self) -> &'static str {
        match self {
            QueueColumn::Reference => "编号",
            QueueColumn::Subject => "主体",
            QueueColumn::Region => "管辖地",
            QueueColumn::Submitted => "提交时间",
            QueueColumn::Age => "已等工作日",
        }
    }
}

/// How high the rows of the queue are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    #[default]
    Comfortable,
    Compact,
}

crate::codes! {
    Density {
        Comfortable = "comfortable",
        Compact = "compact",
    }
}

impl Density {
    pub const fn label(self) -> &'static str {
        match self {
            Density::Comfortable => "舒适",
            Density::Compact => "紧凑",
        }
    }
}

/// 显示设置 of an officer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeskSettings {
    pub columns: Vec<QueueColumn>,
    pub density: Density,
    /// Whether single letters are shortcuts.
    pub single_keys: bool,
}

impl DeskSettings {
    /// As the desk is shown to who never chose: `is_of_one_place` where an officer's region has no regions below, so
    /// that all rows lie in it.
    pub fn usual(is_of_one_place: bool) -> Self {
        let mut columns = vec![QueueColumn::Reference, QueueColumn::Subject, QueueColumn::Age];
        if !is_of_one_place {
            columns.insert(2, QueueColumn::Region);
        }
        DeskSettings { columns, ..DeskSettings::default() }
    }

    pub fn shows(&self, column: QueueColumn) -> bool {
        self.columns.contains(&column)
    }
}

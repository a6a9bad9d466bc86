//! The codes the process ends with, beside 0 and the 2 of what could not begin.

use std::process::ExitCode;

/// Something is not as it should be, or was left undone.
pub const FOUND_WRONG: ExitCode = ExitCode::FAILURE;

//! The table of what was found.

use std::process::ExitCode;

pub(crate) fn write() -> ExitCode {
    ExitCode::SUCCESS
}

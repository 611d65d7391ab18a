//! A folder into which others drop CSV files. Configuration only; it reads no disk.

use crate::station::SensorIx;
use crate::time::Span;

/// A folder of files with readings; the line's address is its path.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderLine {
    /// How often it is looked at. A file is taken when it has not changed in between.
    pub interval: Span,
    /// Whose readings may stand in the files: every sensor of the stations that the line lists.
    pub sensors: Vec<SensorIx>,
}

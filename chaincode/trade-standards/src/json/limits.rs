//! How much of a JSON text is read at most.

/// Bounds on a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Bytes of the whole text.
    pub bytes_max: usize,
    /// Nesting of objects and arrays; a plain value has none.
    pub depth_max: usize,
    /// Values in all, objects and arrays counted like the others. In memory each takes about 30 bytes, where two may do
    /// in the text.
    pub values_max: usize,
}

/// Default: 4 MiB, 32 levels, 500 000 values.
impl Default for JsonLimits {
    fn default() -> Self {
        Self { bytes_max: 4 << 20, depth_max: 32, values_max: 500_000 }
    }
}
